package transport

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"crm/auth"
	"crm/db/store"
)

// subprotocol is the only one that sockets support: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The
// older graphql-ws is abandoned by its authors, and can't distinguish errors of a message from errors of the connection.
const subprotocol = "graphql-transport-ws"

// socketTransport serves operations of all kinds over WebSocket.
type socketTransport struct {
	exec          *runner
	authenticator Authenticator
	origins       Origins
	streams       *openStreams
}

// isSocketRequest reports whether a request asks for a WebSocket.
func isSocketRequest(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// ServeHTTP implements http.Handler. It returns when the socket is open, which frees the request and the HTTP server's
// goroutine with its large stack.
func (t *socketTransport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !t.origins.allow(r) {
		t.exec.refuseStream(w, r, store.Errorf(store.Forbidden, "pages of this origin may not open a socket here"))
		return
	}
	viewer, _ := auth.ViewerFrom(r.Context())
	if viewer.Refused != nil {
		t.exec.refuse(w, r, mediaJSON, invalidToken(viewer.Refused))
		return
	}
	if err := t.streams.wait(r.Context(), viewer.Address); err != nil {
		t.exec.refuseStream(w, r, err)
		return
	}
	takeover := &connectionTakeover{ResponseWriter: w}
	var s *socket
	conn, err := websocket.Accept(takeover, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin has been checked
		OnPingReceived: func(_ context.Context, payload []byte) bool { s.pong(payload); return false },
	})
	if err != nil {
		return // Accept has responded
	}
	conn.SetReadLimit(t.exec.limits.Body)
	s = newSocket(t.exec, conn, takeover.conn, requestIdentity(t.authenticator, r), r.Header.Get(CostHeader))
	if conn.Subprotocol() != subprotocol {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	remove, refused := t.streams.add(viewer.Address, s.goAway)
	if refused != nil {
		s.close(websocket.StatusTryAgainLater, refused.Message)
		return
	}
	ctx := context.WithValue(context.Background(), requestIDKey{}, RequestID(r.Context()))
	go func() {
		defer remove()
		s.serve(ctx)
	}()
}

// connectionTakeover hijacks a connection with smaller buffers than the HTTP server's, because there may be thousands.
type connectionTakeover struct {
	http.ResponseWriter
	conn net.Conn
}

const socketBufferSize = 512

// Hijack implements http.Hijacker.
func (t *connectionTakeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot hijack the connection: %w", err)
	}
	t.conn = conn
	// Data that the client has already sent is read first.
	early, _ := buffers.Peek(buffers.Reader.Buffered())
	buffers.Reader = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), conn), max(socketBufferSize, len(early)))
	_, _ = buffers.Peek(len(early))
	buffers.Writer = bufio.NewWriterSize(conn, socketBufferSize)
	return conn, buffers, nil
}
