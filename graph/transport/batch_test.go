package transport

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// postBody sends a body and returns the response with its body; headers have the form "Name: value".
func (s *streamServer) postBody(body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.web.URL+"/graphql", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaJSON)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := s.web.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(text)
}

// repeated returns a batch of n equal operations.
func repeated(operation string, n int) string {
	return "[" + strings.Join(strings.Split(strings.Repeat(operation+"\n", n), "\n")[:n], ",") + "]"
}

func TestBatch(t *testing.T) {
	t.Parallel()
	server := newStreamServer(t, Config{Batching: true})
	const ping, pong = `{"query":"{ping}"}`, `{"data":{"ping":"pong"}}`
	failed := func(code, message string) string {
		return fmt.Sprintf(`{"errors":[{"message":%q,"extensions":{"code":%q}}]}`, message, code)
	}
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"one":        {"[" + ping + "]", 200, "[" + pong + "]"},
		"the most":   {repeated(ping, maxBatch), 200, repeated(pong, maxBatch)},
		"with a BOM": {"\ufeff [" + ping + "]", 200, "[" + pong + "]"},
		"in order": {`[{"query":"{a:ping}"},{"query":"mutation{set}"},{"query":"query x{b:ping} query y{c:ping}","operationName":"y"}]`, 200,
			`[{"data":{"a":"pong"}},{"data":{"set":"pong"}},{"data":{"c":"pong"}}]`},
		"with errors": {`[` + ping + `,1,{"query":"subscription{idle}"},` + ping + `]`, 200, `[` + pong + `,` +
			failed("BAD_REQUEST", "an operation of a batch must be a JSON object") + `,` +
			failed("BAD_REQUEST", "a subscription can't be part of a batch") + `,` + pong + `]`},
		"with a panic": {`[{"query":"{panic}"},` + ping + `]`, 200, "INTERNAL_SERVER_ERROR"},
		"no query":     {`[{},` + ping + `]`, 200, "query: is required"},
		"a list in it": {`[[` + ping + `]]`, 200, "must be a JSON object"},
		"too many":     {repeated(ping, maxBatch+1), 400, failed("QUERY_TOO_COMPLEX", "the batch has 11 operations; at most 10 are allowed")},
		"empty":        {"[]", 400, failed("BAD_REQUEST", "the batch is empty")},
		"not JSON":     {"[" + ping, 400, failed("BAD_REQUEST", "the body is not JSON")},
	} {
		for _, media := range []string{mediaJSON, mediaGraphQL} {
			response, got := server.postBody(test.body, "Accept: "+media)
			if strings.HasPrefix(test.want, "[") && got != test.want || !strings.Contains(got, test.want) || response.StatusCode != test.status {
				t.Errorf("%s got %d %s, want %d %s", name, response.StatusCode, got, test.status, test.want)
			}
			if found := response.Header.Get("Content-Type"); found != media+"; charset=utf-8" {
				t.Errorf("%s has the type %s", name, found)
			}
		}
	}
	if response, got := server.postBody("["+ping+"]", "Accept: "+mediaEvents); response.StatusCode != http.StatusNotAcceptable {
		t.Errorf("a batch as an event stream got %d %s", response.StatusCode, got)
	}
	for operation, encoding := range map[string]string{"{long}": "gzip", "mutation{long}": ""} {
		response, _ := server.postBody(repeated(`{"query":"`+operation+`"}`, 2), "Accept-Encoding: gzip")
		if found := response.Header.Get("Content-Encoding"); found != encoding {
			t.Errorf("a batch of %s is encoded as %q, want %q", operation, found, encoding)
		}
	}
}

// TestNoBatch checks that batching is off unless it is configured, and never available on sockets.
func TestNoBatch(t *testing.T) {
	t.Parallel()
	response, got := newStreamServer(t, Config{}).postBody(`[{"query":"{ping}"}]`)
	if response.StatusCode != http.StatusBadRequest || !strings.Contains(got, "batching is not supported") {
		t.Errorf("got %d %s", response.StatusCode, got)
	}
}
