package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestStreams checks that operations run on sockets and as event streams, and that a stopping server closes the sockets.
func TestStreams(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "ALLOWED_ORIGINS=https://crm.example")
	token, _ := populate(p)
	socket, _, err := websocket.Dial(t.Context(), p.url+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Origin": {"https://crm.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, exchange := range [][2]string{
		{`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`, `{"type":"connection_ack"}`},
		{
			`{"type":"subscribe","id":"1","payload":{"query":"{viewer{... on User{role}}}"}}`,
			`{"type":"next","id":"1","payload":{"data":{"viewer":{"role":"ADMIN"}}`,
		},
		{`{"type":"pong"}`, `{"type":"complete","id":"1"}`},
		{
			`{"type":"subscribe","id":"2","payload":{"query":"subscription{ticketChanged(after:\"soon\"){seq}}"}}`,
			`{"type":"error","id":"2","payload":[{"message":"after: is not a seq of this server"`,
		},
	} {
		if err := socket.Write(t.Context(), websocket.MessageText, []byte(exchange[0])); err != nil {
			t.Fatal(err)
		}
		if _, text, err := socket.Read(t.Context()); err != nil || !strings.HasPrefix(string(text), exchange[1]) {
			t.Fatalf("%s got %s, %v", exchange[0], text, err)
		}
	}
	if status, body := p.get("/graphql?query={viewer{__typename}}", "text/event-stream"); status != http.StatusOK ||
		!strings.Contains(body, "event: next\ndata: {\"data\":{\"viewer\":null}") || !strings.HasSuffix(body, "event: complete\ndata: \n\n") {
		t.Errorf("got %d %s", status, body)
	}
	// Some of these may not have begun when the server stops.
	for i := range 100 {
		message := subscribeMessage(fmt.Sprint("idle", i), []byte(queryBody(idle)))
		if err := socket.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	p.signal(syscall.SIGTERM)
	for err == nil {
		var text []byte
		if _, text, err = socket.Read(t.Context()); err == nil {
			t.Errorf("a subscription got %s, so clients won't resume it", text)
		}
	}
	if code := websocket.CloseStatus(err); code != websocket.StatusGoingAway {
		t.Errorf("the socket ends with %v", err)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestSlowHeaders checks that a client is cut off that sends its headers slowly without pausing.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	conn, err := net.Dial("tcp", "127.0.0.1:"+p.port())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: crm\r\n")
	go func() {
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(conn, "X-%d: x\r\n", i); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(testTimeout))
	var timeout net.Error
	if answer, err := io.ReadAll(conn); errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("not cut off: %s, %v", answer, err)
	}
}
