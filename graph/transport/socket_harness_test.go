package transport

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"crm/graph/transport/transporttest"
)

// testSocket is the client side of a socket.
type testSocket struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a socket; headers are given as "Name: value".
func (s *streamServer) dial(headers ...string) *testSocket {
	s.t.Helper()
	socket, response, err := s.tryDial(headers...)
	if err != nil {
		s.t.Fatalf("cannot open a socket: %v, %v", err, response)
	}
	return socket
}

func (s *streamServer) tryDial(headers ...string) (*testSocket, *http.Response, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	options := &websocket.DialOptions{HTTPHeader: http.Header{}, Subprotocols: []string{subprotocol}}
	for _, header := range headers {
		name, value, ok := strings.Cut(header, ": ")
		if !ok {
			continue
		}
		if name == "Sec-Websocket-Protocol" {
			options.Subprotocols = strings.Fields(value)
			continue
		}
		options.HTTPHeader.Set(name, value)
	}
	conn, response, err := websocket.Dial(ctx, s.web.URL+"/graphql", options)
	if err != nil {
		return nil, response, err
	}
	conn.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { _ = conn.CloseNow() })
	return &testSocket{t: s.t, conn: conn}, response, nil
}

// play performs steps: "> text" sends a message, "< text" expects one, "! code" expects the server to close the socket
// with the code and optionally a reason.
func (s *testSocket) play(steps ...string) {
	s.t.Helper()
	for _, step := range steps {
		text := step[2:]
		switch step[0] {
		case '>':
			s.send(text)
		case '<':
			if got := s.next(); !transporttest.SameJSON(got, text) {
				s.t.Fatalf("got %s, want %s", got, text)
			}
		case '!':
			code, reason, _ := strings.Cut(text, " ")
			if gotCode, gotReason := s.closed(); strconv.Itoa(int(gotCode)) != code || reason != "" && gotReason != reason {
				s.t.Fatalf("closed with %d %q, want %s", gotCode, gotReason, text)
			}
		}
	}
}

func (s *testSocket) send(text string) {
	s.t.Helper()
	if err := s.conn.Write(s.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		s.t.Fatalf("cannot send %.80s: %v", text, err)
	}
}

// next returns the next message.
func (s *testSocket) next() string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		s.t.Fatalf("no message: %v", err)
	}
	return string(text)
}

// closed returns the code and reason of the close frame, and skips messages before it.
func (s *testSocket) closed() (websocket.StatusCode, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, text, err := s.conn.Read(ctx)
		var closed websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return closed.Code, closed.Reason
		case err != nil:
			s.t.Fatalf("the socket did not end: %v", err)
		}
		_ = text
	}
}

const (
	initialize = `> {"type":"connection_init"}`
	acked      = `< {"type":"connection_ack"}`
)

// subscribeTo returns the step that begins an operation.
func subscribeTo(id, query string) string {
	return `> {"type":"subscribe","id":"` + id + `","payload":{"query":"` + query + `"}}`
}

func nextOf(id, data string) string {
	return `< {"type":"next","id":"` + id + `","payload":{"data":` + data + `}}`
}

func completeOf(id string) string { return `< {"type":"complete","id":"` + id + `"}` }

func errorOf(id, message, code string) string {
	return `< {"type":"error","id":"` + id + `","payload":[{"message":"` + message + `","extensions":{"code":"` + code + `"}}]}`
}
