package graph

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"crm/graph/playground"
)

func newPlaygroundServer(t *testing.T) *httptest.Server {
	t.Helper()
	api := NewHandler(HandlerConfig{Introspection: true, Logger: slog.New(slog.DiscardHandler), Resolvers: stubResolvers{
		viewer: func(context.Context) (Viewer, error) { return nil, nil },
	}})
	page := playground.Handler("")
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		if playground.IsBrowser(r) {
			page.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestPlaygroundQueriesFitTheSchema(t *testing.T) {
	t.Parallel()
	executor := NewExecutor(HandlerConfig{Introspection: true})
	for _, name := range []string{"start.graphql", "nested.graphql"} {
		text, err := os.ReadFile("playground/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := executor.documents.Find(&graphql.RawParams{Query: string(text)}); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestPlaygroundFiles(t *testing.T) {
	t.Parallel()
	server := newPlaygroundServer(t)
	for path, test := range map[string]struct {
		status            int
		contentType, part string
	}{
		"/":                         {200, "text/html; charset=utf-8", `data-endpoint="/graphql"`},
		"/graphql":                  {200, "text/html; charset=utf-8", `data-endpoint="/graphql"`},
		"/playground/playground.js": {200, "text/javascript; charset=utf-8", "createFetcher"},
		"/playground/react-18.2.0.production.min.js": {200, "text/javascript; charset=utf-8", "React"},
		"/playground/graphiql-4.1.2.min.css":         {200, "text/css; charset=utf-8", ".graphiql-container"},
		"/playground/README.md":                      {404, "text/plain; charset=utf-8", "404"},
		"/playground/":                               {404, "text/plain; charset=utf-8", "404"},
	} {
		for _, encoding := range []string{"", "gzip"} {
			status, header, content := getFile(t, server.URL+path, encoding)
			if status != test.status || header.Get("Content-Type") != test.contentType || !strings.Contains(content, test.part) {
				t.Errorf("%s got %d, %s", path, status, header.Get("Content-Type"))
			}
			isPage := strings.HasPrefix(test.contentType, "text/html")
			if isPage != strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("%s has the policy %q", path, header.Get("Content-Security-Policy"))
			}
			if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s got %v", path, header)
			}
		}
	}
}

// getFile returns a file's content uncompressed.
func getFile(t *testing.T, url, encoding string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	request.Header.Set("Accept-Encoding", encoding)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(response.Body); err != nil {
			t.Fatal(err)
		}
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

func TestIsBrowser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, target, accept string
		want                   bool
	}{
		{"GET", "/graphql", "text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"GET", "/graphql?query=%7B__typename%7D", "text/html,*/*;q=0.8", false},
		{"GET", "/graphql", "*/*", false},
		{"GET", "/graphql", "application/json", false},
		{"POST", "/graphql", "text/html", false},
	} {
		r := httptest.NewRequest(test.method, test.target, http.NoBody)
		r.Header.Set("Accept", test.accept)
		if got := playground.IsBrowser(r); got != test.want {
			t.Errorf("%v is a browser: %t", test, got)
		}
	}
}
