package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/graph/apierror"
	"crm/graph/transport"
	"crm/graph/transport/transporttest"
)

// stubResolvers resolves only the root fields with a function; the others panic.
type stubResolvers struct {
	ResolverRoot
	viewer            func(ctx context.Context) (Viewer, error)
	customer          func(ctx context.Context, by CustomerBy) (*db.Customer, error)
	createInteraction func(ctx context.Context, input CreateInteractionInput) (*CreateInteractionPayload, error)
}

func (r stubResolvers) Query() QueryResolver       { return stubQuery{stubResolvers: r} }
func (r stubResolvers) Mutation() MutationResolver { return stubMutation{stubResolvers: r} }

type stubQuery struct {
	QueryResolver
	stubResolvers stubResolvers
}

func (q stubQuery) Viewer(ctx context.Context) (Viewer, error) { return q.stubResolvers.viewer(ctx) }

func (q stubQuery) Customer(ctx context.Context, by CustomerBy) (*db.Customer, error) {
	return q.stubResolvers.customer(ctx, by)
}

type stubMutation struct {
	MutationResolver
	stubResolvers stubResolvers
}

func (m stubMutation) CreateInteraction(
	ctx context.Context, input CreateInteractionInput,
) (*CreateInteractionPayload, error) {
	return m.stubResolvers.createInteraction(ctx, input)
}

// testServer serves the handler over real HTTP, and keeps its log.
type testServer struct {
	t      *testing.T
	server *httptest.Server
	log    *transporttest.Log
}

// newTestServer serves a handler. The header As sets the role of the viewer.
func newTestServer(t *testing.T, config HandlerConfig) *testServer {
	t.Helper()
	log := new(transporttest.Log)
	config.Logger = slog.New(slog.NewJSONHandler(log, nil))
	if config.Resolvers == nil {
		config.Resolvers = stubResolvers{viewer: func(context.Context) (Viewer, error) { return nil, nil }}
	}
	handler := transport.WithRequestID(NewHandler(config))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if role := r.Header.Get("As"); role != "" {
			r = r.WithContext(auth.WithViewer(r.Context(), auth.Viewer{Role: auth.Role(role), Account: auth.ID{1}}))
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return &testServer{t: t, server: server, log: log}
}

// answer is the response to a request.
type answer struct {
	status int
	header http.Header
	body   string
	parsed struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Path       []any
			Locations  []map[string]int
			Extensions struct {
				Code       string
				Fields     []apierror.FieldProblem
				RetryAfter int
				RequestID  string
			}
		}
		Extensions map[string]map[string]int
	}
}

// codes returns the errors' codes, comma-separated.
func (a *answer) codes() string {
	codes := make([]string, len(a.parsed.Errors))
	for i, err := range a.parsed.Errors {
		codes[i] = err.Extensions.Code
	}
	return strings.Join(codes, ",")
}

// messages returns the errors' messages, one per line.
func (a *answer) messages() string {
	messages := make([]string, len(a.parsed.Errors))
	for i, err := range a.parsed.Errors {
		messages[i] = err.Message
	}
	return strings.Join(messages, "\n")
}

// fields returns the paths of all problems, comma-separated.
func (a *answer) fields() string {
	var paths []string
	for _, err := range a.parsed.Errors {
		for _, field := range err.Extensions.Fields {
			paths = append(paths, field.Path)
		}
	}
	return strings.Join(paths, ",")
}

// do sends a request; headers are given as "Name: value".
func (s *testServer) do(method, target, body string, headers ...string) *answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.server.URL+target, strings.NewReader(body))
	if err != nil {
		panic(fmt.Errorf("cannot send the request: %w", err))
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", mediaJSON)
	}
	for _, header := range headers {
		if name, value, ok := strings.Cut(header, ": "); ok {
			request.Header.Set(name, value)
		}
	}
	response, err := s.server.Client().Do(request)
	if err != nil {
		panic(fmt.Errorf("cannot send the request: %w", err))
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		panic(fmt.Errorf("cannot send the request: %w", err))
	}
	got := &answer{status: response.StatusCode, header: response.Header, body: string(content)}
	if err := json.Unmarshal(content, &got.parsed); err != nil {
		panic(fmt.Errorf("cannot parse %q: %w", content, err))
	}
	return got
}

// query posts an operation without variables.
func (s *testServer) query(query string, headers ...string) *answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/", requestBody(s.t, query, nil), headers...)
}

func requestBody(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
