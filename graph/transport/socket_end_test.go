package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"crm/graph/transport/transporttest"
)

const idle = "subscription{idle}"

func TestSocketInitTime(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Init: 2 * time.Second}}})
	server.dial().play(`> {"type":"ping"}`, `< {"type":"pong"}`, "! 4408 Connection initialisation timeout")
}

func TestSocketOperationLimit(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Operations: 3}}})
	socket := server.dial()
	socket.play(initialize, acked)
	full := func(id string) {
		t.Helper()
		socket.play(subscribeTo(id, idle))
		if got := socket.next(); !strings.Contains(got, `"type":"error","id":"`+id+`"`) || !strings.Contains(got, `"code":"RATE_LIMITED","retryAfter":1`) {
			t.Fatalf("got %s", got)
		}
	}
	socket.play(subscribeTo("1", idle), subscribeTo("2", idle), subscribeTo("3", idle))
	full("4")
	full("5")
	full("6")
	socket.play(`> {"type":"complete","id":"1"}`, subscribeTo("7", idle))
	full("8")
	full("9")
	full("10")
	socket.play(subscribeTo("11", idle), "! 4429 Too many operations")
	for range 4 {
		transporttest.Receive(t, server.schema.Ended, "the end of an operation")
	}
}

func TestSocketEndsOperations(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Time: 100 * time.Millisecond}})
	socket := server.dial()
	begin := func(id, query string) {
		socket.play(subscribeTo(id, query))
		transporttest.Receive(t, server.schema.Started, query)
	}
	socket.play(initialize, acked)
	begin("1", idle)
	socket.play(`> {"type":"complete","id":"1"}`)
	transporttest.Receive(t, server.schema.Ended, "the end that the client wants")
	socket.play(subscribeTo("2", "{wait}"))
	if got := socket.next(); !strings.Contains(got, "took too long") || !strings.Contains(got, "UNAVAILABLE") {
		t.Errorf("got %s", got)
	}
	select {
	case <-server.schema.Started:
		transporttest.Receive(t, server.schema.Ended, "the end of its time")
	default: // on a busy machine, its time is over before the field is resolved
	}
	socket.play(completeOf("2"))
	begin("3", idle)
	_ = socket.conn.CloseNow()
	transporttest.Receive(t, server.schema.Ended, "the end with the connection")
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	socket, quiet := server.dial(), server.dial()
	quiet.play(initialize, acked)
	socket.play(initialize, acked, subscribeTo("1", idle), subscribeTo("2", "{wait}"))
	events, finite := server.openEvents("POST", idle), server.openEvents("POST", "{wait}")
	for range 4 {
		transporttest.Receive(t, server.schema.Started, "an operation")
	}
	ended := make(chan struct{})
	go func() {
		server.handler.EndStreams(t.Context())
		close(ended)
	}()
	quiet.play("! 1001")
	transporttest.Receive(t, server.schema.Ended, "the end of a subscription")
	transporttest.Receive(t, server.schema.Ended, "the end of a subscription")
	close(server.schema.Proceed)
	socket.play(nextOf("2", `{"wait":"done"}`), completeOf("2"), "! 1001 The server is stopping")
	if rest, err := io.ReadAll(events.Body); err != nil || strings.Contains(string(rest), "complete") {
		t.Errorf("the event stream ends with %q, %v", rest, err)
	}
	if rest, err := io.ReadAll(finite.Body); err != nil || !strings.Contains(string(rest), `{"wait":"done"}`) {
		t.Errorf("the query's event stream ends with %q, %v", rest, err)
	}
	transporttest.Receive(t, ended, "the end of all streams")
	server.dial().play("! 1013")
	if response := server.openEvents("POST", idle); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d", response.StatusCode)
	}
}

func TestOpenStreamsAreLimited(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		limits StreamLimits
		status int
	}{{StreamLimits{Open: 2}, http.StatusServiceUnavailable}, {StreamLimits{PerAddress: 2}, http.StatusTooManyRequests}} {
		server := newStreamServer(t, Config{Limits: Limits{Streams: test.limits}})
		first := server.dial()
		first.play(initialize, acked)
		server.openEvents("POST", idle)
		server.dial().play("! 1013")
		if response := server.openEvents("POST", idle); response.StatusCode != test.status || response.Header.Get("Retry-After") != "5" {
			t.Errorf("got %d, %v", response.StatusCode, response.Header)
		}
		_ = first.conn.Close(websocket.StatusNormalClosure, "")
		transporttest.Eventually(t, "there is room", func() bool { return server.handler.streams.count() == 1 })
		server.dial().play(initialize, acked)
	}
}

func TestOpenStreamsOfOneNetwork(t *testing.T) {
	t.Parallel()
	streams := newOpenStreams(StreamLimits{Open: 100, PerAddress: 2})
	for i, test := range []struct {
		address string
		want    bool
	}{
		{"2001:db8:0:1::1", true},
		{"2001:db8:0:1::2", true},
		{"2001:db8:0:1:ffff::3", false},
		{"2001:db8:0:2::1", true},
		{"192.0.2.1", true},
		{"192.0.2.2", true},
		{"::ffff:192.0.2.1", true},
		{"192.0.2.1", false},
	} {
		if _, err := streams.add(test.address, func() {}); (err == nil) != test.want {
			t.Errorf("%d: %s may: %t, %v", i, test.address, err == nil, err)
		}
	}
}

// TestSocketOpenedWhileStopping checks that a socket that is stopped before it is served sends nothing and doesn't block.
func TestSocketOpenedWhileStopping(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	s := &socket{exec: server.run, leaving: true}
	s.set(&s.heartbeat, time.Hour, func() {})
	if s.initialize(t.Context(), socketMessage{Type: messageInit}) {
		t.Error("the socket is served")
	}
	if !s.mutex.TryLock() {
		t.Error("the socket stays locked")
	}
}

// rawSocket opens a socket on which the test writes raw frames.
func (s *streamServer) rawSocket() (net.Conn, *bufio.Reader) {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: crm\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		s.t.Fatalf("cannot open a socket: %v, %v", err, response)
	}
	return conn, reader
}

// frame returns a text frame, masked with zeros.
func frame(text string) []byte {
	return append([]byte{0x81, byte(0x80 | len(text)), 0, 0, 0, 0}, text...)
}

// TestSocketCutsOff checks that clients are cut off if they stop in the middle of a frame or a message, answer no pings,
// read nothing, or don't confirm the closing of the socket.
func TestSocketCutsOff(t *testing.T) {
	t.Parallel()
	quick := Limits{Streams: StreamLimits{Heartbeat: 50 * time.Millisecond, Transfer: 100 * time.Millisecond}}
	hello := frame(`{"type":"connection_init"}`)
	for name, bytes := range map[string][]byte{
		"stops in a header":  append(hello, 0x81),
		"stops in a frame":   append(hello, 0x81, 0x85, 0, 0, 0, 0, 'a'),
		"stops in a message": append(hello, 0x01, 0x81, 0, 0, 0, 0, '{'),
		"answers no pings":   hello,
		"reads nothing":      append(hello, frame(`{"type":"subscribe","id":"1","payload":{"query":"subscription{flood}"}}`)...),
		"confirms no close":  frame("{"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newStreamServer(t, Config{Limits: quick})
			conn, reader := server.rawSocket()
			if _, err := conn.Write(bytes); err != nil {
				t.Fatal(err)
			}
			if name != "reads nothing" {
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
				_, _ = io.Copy(io.Discard, reader)
			}
			transporttest.Eventually(t, "the socket is closed", func() bool { return server.handler.streams.count() == 0 })
		})
	}
}

func TestSocketLogsEachOperation(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	socket := server.dial("X-Request-Id: here")
	socket.play(initializeAs("Authorization", "good"), acked, subscribeTo("1", "query q{ping}"), nextOf("1", `{"ping":"pong"}`), completeOf("1"),
		subscribeTo("2", "subscription{refused}"), errorOf("2", "not for you", "FORBIDDEN"), subscribeTo("3", "{"))
	socket.next()
	socket.play(subscribeTo("4", "{panic}"))
	if got := socket.next(); !strings.Contains(got, `"requestId":"here.4"`) {
		t.Errorf("got %s", got)
	}
	log := server.log.String()
	for _, want := range []string{
		`"requestId":"here.1","operation":"q","type":"query"`, `"requestId":"here.2","operation":"","type":"subscription"`,
		`"role":"USER"`, `"errors":["FORBIDDEN"]`, `"requestId":"here.3"`, `"errors":["GRAPHQL_PARSE_FAILED"]`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	if lines := strings.Count(log, `"msg":"operation"`); lines != 4 {
		t.Errorf("%d operations are logged", lines)
	}
}

// TestSocketFlood checks that ten thousand operations on one socket soon end it.
func TestSocketFlood(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	socket := server.dial()
	socket.play(initialize, acked)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		for i := range 10_000 {
			text := fmt.Sprintf(`{"type":"subscribe","id":"%d","payload":{"query":%q}}`, i, idle)
			if socket.conn.Write(ctx, websocket.MessageText, []byte(text)) != nil {
				return
			}
		}
	}()
	socket.play("! 4429")
	transporttest.Eventually(t, "nothing is left", func() bool { return server.handler.streams.count() == 0 })
	if started := len(server.schema.Started); started != 100 {
		t.Errorf("%d operations began", started)
	}
}

// TestTimeIsOverBeforeExecution checks that the reason is known even if an operation has no time at all.
func TestTimeIsOverBeforeExecution(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Time: time.Nanosecond}, Batching: true})
	for name, body := range map[string]string{"POST": `{"query":"{ping}"}`, "batch": `[{"query":"{ping}"}]`} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Header = http.Header{"Content-Type": {mediaJSON}, "Accept": {mediaJSON}, "X-Requested-With": {"test"}}
		recorder := httptest.NewRecorder()
		server.handler.ServeHTTP(recorder, request)
		if got := recorder.Body.String(); !strings.Contains(got, "took too long") || !strings.Contains(got, "UNAVAILABLE") {
			t.Errorf("%s: got %d %s", name, recorder.Code, got)
		}
	}
	socket := server.dial()
	socket.play(initialize, acked, subscribeTo("1", "{ping}"))
	if got := socket.next(); !strings.Contains(got, "took too long") || !strings.Contains(got, "UNAVAILABLE") {
		t.Errorf("on a socket: got %s", got)
	}
}
