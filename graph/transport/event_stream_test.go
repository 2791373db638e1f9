package transport

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"crm/graph/transport/transporttest"
)

// openEvents requests an event stream; headers have the form "Name: value".
func (s *streamServer) openEvents(method, query string, headers ...string) *http.Response {
	s.t.Helper()
	target, body := s.web.URL+"/graphql", io.Reader(http.NoBody)
	if method == http.MethodGet {
		target += "?query=" + url.QueryEscape(query)
	} else {
		body = strings.NewReader(requestBody(s.t, query))
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Accept", mediaEvents)
	request.Header.Set("Content-Type", mediaJSON)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := s.web.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	const complete = "event: complete\ndata: \n\n"
	next := func(data string) string { return "event: next\ndata: " + data + "\n\n" }
	for name, test := range map[string]struct{ method, query, want string }{
		"query":              {"POST", "{ping}", next(`{"data":{"ping":"pong"}}`) + complete},
		"query by get":       {"GET", "{ping}", next(`{"data":{"ping":"pong"}}`) + complete},
		"mutation":           {"POST", "mutation{set}", next(`{"data":{"set":"pong"}}`) + complete},
		"subscription":       {"POST", "subscription{count(to:2)}", next(`{"data":{"count":1}}`) + next(`{"data":{"count":2}}`) + complete},
		"by get":             {"GET", "subscription{count(to:1)}", next(`{"data":{"count":1}}`) + complete},
		"no event":           {"POST", "subscription{count(to:0)}", complete},
		"refused":            {"POST", "subscription{refused}", next(`{"errors":[{"message":"not for you","extensions":{"code":"FORBIDDEN"}}]}`) + complete},
		"ended with a cause": {"POST", "subscription{slow}", next(`{"data":{"slow":1}}`) + next(`{"errors":[{"message":"too slow","extensions":{"code":"RATE_LIMITED"}}]}`) + complete},
		"ended by an error":  {"POST", "subscription{secret}", "INTERNAL_SERVER_ERROR"},
		"ended by a panic":   {"POST", "subscription{panic}", "INTERNAL_SERVER_ERROR"},
		"a syntax error":     {"POST", "{", "GRAPHQL_PARSE_FAILED"},
		"an invalid query":   {"POST", "{nothing}", "GRAPHQL_VALIDATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := server.openEvents(test.method, test.query)
			body, err := io.ReadAll(response.Body)
			got := strings.ReplaceAll(string(body), ":\n\n", "")
			switch {
			case err != nil || response.StatusCode != http.StatusOK:
				t.Errorf("got %d, %v", response.StatusCode, err)
			case !strings.HasSuffix(got, complete), !strings.Contains(got, test.want), strings.Contains(got, "hunter2"),
				strings.HasPrefix(test.want, "event") && got != test.want:
				t.Errorf("got %s", got)
			}
			for name, want := range map[string]string{
				"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store",
				"X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no",
			} {
				if value := response.Header.Get(name); value != want {
					t.Errorf("%s is %q", name, value)
				}
			}
		})
	}
}

// TestEventStreamNegotiation checks that clients that accept both get JSON except for subscriptions.
func TestEventStreamNegotiation(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	const urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
	const subscription = "subscription{count(to:0)}"
	for _, test := range []struct {
		method, accept, query, want string
		status                      int
	}{
		{"POST", mediaEvents, "{ping}", mediaEvents, 200},
		{"POST", urql, "{ping}", mediaGraphQL, 200},
		{"POST", urql, subscription, mediaEvents, 200},
		{"POST", "text/event-stream, */*;q=0.1", "{ping}", mediaEvents, 200},
		{"POST", "text/event-stream;q=0.5, application/json", "{ping}", mediaJSON, 200},
		{"POST", "text/event-stream, application/json;q=0.5", "{ping}", mediaEvents, 200},
		{"POST", "text/event-stream;q=0, application/json", subscription, mediaJSON, 406},
		{"POST", mediaJSON, subscription, mediaJSON, 406},
		{"POST", "*/*", subscription, mediaJSON, 406},
		{"GET", mediaJSON, subscription, mediaJSON, 406},
		{"GET", mediaEvents, "mutation{set}", mediaJSON, 405},
		{"PUT", mediaEvents, "{ping}", mediaJSON, 405},
		{"DELETE", mediaEvents, "{ping}", mediaJSON, 405},
	} {
		response := server.openEvents(test.method, test.query, "Accept: "+test.accept)
		if got := response.Header.Get("Content-Type"); response.StatusCode != test.status || !strings.HasPrefix(got, test.want) {
			t.Errorf("%v got %d %s", test, response.StatusCode, got)
		}
	}
	response := server.openEvents("POST", "{ping}", "Content-Type: text/plain")
	if response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("got %d", response.StatusCode)
	}
}

// TestEventStreamOutlivesTheServersTimeouts uses a server that allows a second for a request.
func TestEventStreamOutlivesTheServersTimeouts(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Heartbeat: 50 * time.Millisecond}}})
	lines := bufio.NewScanner(server.openEvents("POST", "{wait}").Body)
	for heartbeats := 0; heartbeats < 30 && lines.Scan(); {
		if lines.Text() == ":" {
			heartbeats++
		}
	}
	close(server.schema.Proceed)
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text() + "\n")
	}
	if err := lines.Err(); err != nil || !strings.HasSuffix(rest.String(), "data: {\"data\":{\"wait\":\"done\"}}\n\nevent: complete\ndata: \n\n") {
		t.Errorf("got %s, %v", &rest, err)
	}
}

func TestEventStreamEndsWithItsTokenAndSession(t *testing.T) {
	t.Parallel()
	for _, end := range []func(server *streamServer) *http.Response{
		func(server *streamServer) *http.Response {
			server.tokens.Expires = time.Now().Add(100 * time.Millisecond)
			return server.openEvents("POST", idle, "Authorization: Bearer good")
		},
		func(server *streamServer) *http.Response {
			defer server.tokens.EndSessions()
			return server.openEvents("POST", idle, "Authorization: Bearer good")
		},
	} {
		server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Heartbeat: 50 * time.Millisecond}}})
		body, err := io.ReadAll(end(server).Body)
		if got := string(body); err != nil || !strings.Contains(got, `"code":"UNAUTHENTICATED"`) || !strings.HasSuffix(got, "event: complete\ndata: \n\n") {
			t.Errorf("got %s, %v", got, err)
		}
		transporttest.Receive(t, server.schema.Ended, "the end of the subscription")
	}
}

func TestEventStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Limits: Limits{Streams: StreamLimits{Transfer: 100 * time.Millisecond}}})
	response := server.openEvents("POST", idle)
	transporttest.Receive(t, server.schema.Started, "the subscription")
	_ = response.Body.Close()
	transporttest.Receive(t, server.schema.Ended, "the end of the subscription")
	server.openEvents("POST", "subscription{flood}") // the test doesn't read it
	transporttest.Receive(t, server.schema.Ended, "the end of the flood")
	transporttest.Eventually(t, "nothing is left", func() bool { return server.handler.streams.count() == 0 })
}

// TestSlowBody uses a server that allows a second for a request.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: crm\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var timeout net.Error
	if answer, err := io.ReadAll(conn); errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("not cut off: %s, %v", answer, err)
	}
}
