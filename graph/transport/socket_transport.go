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

// subprotocol is the one that is spoken on sockets: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The
// older graphql-ws has been given up by its authors, and can't tell an error of a message from one of the connection.
const subprotocol = "graphql-transport-ws"

// socketTransport answers operations of all kinds over WebSocket.
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

// ServeHTTP implements http.Handler. It returns when the socket is open: what lives on holds nothing of the request,
// nor the HTTP server's goroutine with its grown stack.
func (t *socketTransport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !t.origins.allow(r) {
		t.exec.refuseStream(w, r, store.Errorf(store.Forbidden, "pages of this origin may not open a socket here"))
		return
	}
	viewer, _ := auth.ViewerFrom(r.Context())
	if err := t.streams.wait(r.Context(), viewer.Address); err != nil {
		t.exec.refuseStream(w, r, err)
		return
	}
	takeover := &connectionTakeover{ResponseWriter: w}
	conn, err := websocket.Accept(takeover, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin has been checked
	})
	if err != nil {
		return // it has been answered
	}
	conn.SetReadLimit(t.exec.limits.Body)
	s := newSocket(t.exec, conn, takeover.conn, requestIdentity(t.authenticator, r), r.Header.Get(CostHeader))
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

// connectionTakeover hijacks a connection with buffers that are smaller than the HTTP server's, for there may be
// thousands of them.
type connectionTakeover struct {
	http.ResponseWriter
	conn net.Conn
}

const socketBufferSize = 512

// Hijack implements http.Hijacker.
func (t *connectionTakeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot take the connection over: %w", err)
	}
	t.conn = conn
	// What the client has sent already is kept, as what there is to read first.
	early, _ := buffers.Peek(buffers.Reader.Buffered())
	buffers.Reader = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), conn), max(socketBufferSize, len(early)))
	_, _ = buffers.Peek(len(early))
	buffers.Writer = bufio.NewWriterSize(conn, socketBufferSize)
	return conn, buffers, nil
}
