package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db/store"
	"crm/graph/stream"
)

// streamSchema is a schema for the transports, in which each field does what its name says.
type streamSchema struct {
	schema *ast.Schema
	// proceed lets the fields go on that wait for it.
	proceed chan struct{}
	// started and ended get the name of each subscription's field, and of wait.
	started, ended chan string
}

func newStreamSchema() *streamSchema {
	return &streamSchema{
		schema: gqlparser.MustLoadSchema(&ast.Source{Input: `
			type Query { ping: String! viewer: String! wait: String! panic: String! secret: String! }
			type Mutation { set: String! }
			type Subscription {
				count(to: Int!): Int! idle: Int! refused: Int! slow: Int! secret: Int! panic: Int! flood: String!
			}`}),
		proceed: make(chan struct{}), started: make(chan string, 10_000), ended: make(chan string, 10_000),
	}
}

func (s *streamSchema) Schema() *ast.Schema { return s.schema }

func (s *streamSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec implements graphql.ExecutableSchema for operations of one field.
func (s *streamSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	field := graphql.CollectFields(operation, operation.Operation.SelectionSet, nil)[0]
	if operation.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, field)
	}
	return func(ctx context.Context) *graphql.Response {
		if field.Name == "__schema" {
			return s.introspect(ctx, field)
		}
		value, err := s.resolve(ctx, field.Name)
		if err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Data: json.RawMessage("null")}
		}
		return oneField(field, value)
	}
}

// introspect has the product's own schema's code describe this one.
func (s *streamSchema) introspect(ctx context.Context, field graphql.CollectedField) *graphql.Response {
	product, _ := NewExecutableSchema(Config{}).(*executableSchema)
	ec := newExecutionContext(graphql.GetOperationContext(ctx), product, nil)
	var data bytes.Buffer
	ec.___Schema(ctx, field.Selections, introspection.WrapSchema(s.schema)).MarshalGQL(&data)
	return oneField(field, json.RawMessage(data.Bytes()))
}

func oneField(field graphql.CollectedField, value any) *graphql.Response {
	data, _ := json.Marshal(map[string]any{field.Alias: value})
	return &graphql.Response{Data: data}
}

func (s *streamSchema) resolve(ctx context.Context, name string) (string, error) {
	switch name {
	case "viewer":
		viewer, _ := auth.ViewerFrom(ctx)
		return string(viewer.Role) + " " + viewer.Address, nil
	case "wait":
		s.started <- name
		defer func() { s.ended <- name }()
		select {
		case <-s.proceed:
			return "done", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	case "panic":
		panic("hunter2")
	case "secret":
		return "", errors.New("hunter2")
	}
	return "pong", nil
}

func (s *streamSchema) subscribe(ctx context.Context, field graphql.CollectedField) graphql.ResponseHandler {
	if field.Name == "refused" {
		graphql.AddError(ctx, store.Errorf(store.Forbidden, "not for you"))
		return nil
	}
	s.started <- field.Name
	to, _ := strconv.Atoi(fmt.Sprint(field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["to"]))
	sent := 0
	var once sync.Once
	context.AfterFunc(ctx, func() { once.Do(func() { s.ended <- field.Name }) })
	if field.Name == "idle" {
		context.AfterFunc(ctx, stream.Announce(ctx))
		return func(context.Context) *graphql.Response {
			<-ctx.Done()
			return nil
		}
	}
	return func(context.Context) *graphql.Response {
		sent++
		switch {
		case field.Name == "flood":
			return oneField(field, strings.Repeat("x", 64<<10))
		case field.Name == "panic" && sent == 2:
			panic("hunter2")
		case field.Name == "slow" && sent == 2:
			stream.Fail(ctx, store.Errorf(store.RateLimited, "too slow"))
		case field.Name == "secret" && sent == 2:
			stream.Fail(ctx, errors.New("hunter2"))
		case ctx.Err() == nil && (field.Name != "count" || sent <= to):
			return oneField(field, sent)
		}
		return nil
	}
}

// testTokens knows a few tokens.
type testTokens struct {
	mutex sync.Mutex
	// ended says that no session lives any more.
	ended   bool
	expires time.Time
}

func (a *testTokens) Authenticate(_ context.Context, token string) (auth.Viewer, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	switch {
	case token == "down":
		return auth.Viewer{}, errors.New("no route to hunter2")
	case token != "good" || a.ended:
		return auth.Viewer{}, auth.ErrInvalidToken
	}
	return auth.Viewer{Role: auth.User, Account: auth.ID{1}, Expires: a.expires}, nil
}

func (a *testTokens) endSessions() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.ended = true
}

// streamServer serves a streamSchema.
type streamServer struct {
	t       *testing.T
	web     *httptest.Server
	handler *Handler
	schema  *streamSchema
	tokens  *testTokens
	log     *logBuffer
	exec    *Executor
}

func newStreamServer(t *testing.T, config HandlerConfig) *streamServer {
	t.Helper()
	s := &streamServer{t: t, schema: newStreamSchema(), tokens: new(testTokens), log: new(logBuffer)}
	config.Authenticator = s.tokens
	config.Logger = slog.New(slog.NewJSONHandler(s.log, nil))
	s.exec = newExecutor(s.schema, config)
	s.handler = newHandler(s.exec, config)
	s.web = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer := auth.Viewer{}
		if token, _ := auth.BearerToken(r.Header.Get("Authorization")); token != "" {
			viewer, _ = s.tokens.Authenticate(r.Context(), token)
		}
		viewer.Address = "192.0.2.1"
		s.handler.ServeHTTP(w, r.WithContext(auth.WithViewer(r.Context(), viewer)))
	}))
	// Streams outlive these.
	s.web.Config.ReadTimeout, s.web.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	s.web.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.handler.streams.mutex.Lock()
		stopping := s.handler.streams.stopping
		s.handler.streams.mutex.Unlock()
		if !stopping {
			s.handler.EndStreams(ctx)
		}
		if open := s.handler.streams.count(); open > 0 {
			t.Errorf("%d streams are still open", open)
		}
		s.web.Close()
	})
	return s
}

// receive waits for something that a test's channel is to get.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(20 * time.Second):
		t.Fatalf("waited in vain for %s", what)
	}
	panic("unreachable")
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// sameJSON reports whether two JSON texts mean the same.
func sameJSON(a, b string) bool {
	normal := func(text string) []byte {
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			return []byte(text)
		}
		normal, _ := json.Marshal(value)
		return normal
	}
	return bytes.Equal(normal(a), normal(b))
}
