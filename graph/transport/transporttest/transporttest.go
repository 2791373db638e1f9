// Package transporttest contains helpers for tests of the transports: a schema whose fields do what their names say, tokens
// and a log.
package transporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db/store"
	"crm/graph/stream"
)

// Schema is an executable schema whose fields do what their names say.
type Schema struct {
	schema *ast.Schema
	// Introspect describes the schema, if it is not nil.
	Introspect func(ctx context.Context, field graphql.CollectedField) *graphql.Response
	// Proceed resumes the fields that wait for it.
	Proceed chan struct{}
	// Started and Ended receive the name of each subscription field, and of wait.
	Started, Ended chan string
	// responses are those to the elements of shared.
	responses responses
}

// NewSchema returns a schema whose channels have enough capacity for a test.
func NewSchema() *Schema {
	return &Schema{
		schema: gqlparser.MustLoadSchema(&ast.Source{Input: `
			type Query { ping: String! long: String! viewer: String! wait: String! panic: String! secret: String!
				cost: String! }
			type Mutation { set: String! long: String! }
			type Subscription {
				count(to: Int!): Int! idle: Int! refused: Int! slow: Int! secret: Int! panic: Int! flood: String!
				shared(to: Int!): Int! separate(to: Int!): Int! chunks: String!
			}`}),
		Proceed: make(chan struct{}), Started: make(chan string, 10_000), Ended: make(chan string, 10_000),
	}
}

// Schema implements graphql.ExecutableSchema.
func (s *Schema) Schema() *ast.Schema { return s.schema }

// Complexity implements graphql.ExecutableSchema.
func (s *Schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec implements graphql.ExecutableSchema for operations of one field.
func (s *Schema) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	field := graphql.CollectFields(operation, operation.Operation.SelectionSet, nil)[0]
	if operation.Operation.Operation == ast.Subscription {
		return s.subscribe(ctx, field)
	}
	return func(ctx context.Context) *graphql.Response {
		if field.Name == "__schema" && s.Introspect != nil {
			return s.Introspect(ctx, field)
		}
		value, err := s.resolve(ctx, field.Name)
		if err != nil {
			graphql.AddError(ctx, err)
			return &graphql.Response{Data: json.RawMessage("null")}
		}
		return oneField(field, value)
	}
}

// oneField returns a response with only this field.
func oneField(field graphql.CollectedField, value any) *graphql.Response {
	data, _ := json.Marshal(map[string]any{field.Alias: value})
	return &graphql.Response{Data: data}
}

func (s *Schema) resolve(ctx context.Context, name string) (string, error) {
	switch name {
	case "viewer":
		viewer, _ := auth.ViewerFrom(ctx)
		return string(viewer.Role) + " " + viewer.Address, nil
	case "cost":
		return graphql.GetOperationContext(ctx).Headers.Get("X-GraphQL-Cost"), nil
	case "wait":
		s.Started <- name
		defer func() { s.Ended <- name }()
		select {
		case <-s.Proceed:
			return "done", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	case "long":
		return strings.Repeat("long ", 300), nil
	case "panic":
		panic("hunter2")
	case "secret":
		return "", errors.New("hunter2")
	}
	return "pong", nil
}

func (s *Schema) subscribe(ctx context.Context, field graphql.CollectedField) graphql.ResponseHandler {
	if field.Name == "refused" {
		graphql.AddError(ctx, store.Errorf(store.Forbidden, "not for you"))
		return nil
	}
	s.Started <- field.Name
	to, _ := strconv.Atoi(fmt.Sprint(field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["to"]))
	sent := 0
	var once sync.Once
	context.AfterFunc(ctx, func() { once.Do(func() { s.Ended <- field.Name }) })
	switch field.Name {
	case "shared", "separate", "chunks":
		return s.serveQueue(ctx, field, to)
	}
	if field.Name == "idle" {
		announce := stream.Announce(ctx)
		context.AfterFunc(ctx, func() { announce(1) })
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

// Tokens is an authenticator with a few fixed tokens.
type Tokens struct {
	mutex sync.Mutex
	// ended means that all sessions have ended.
	ended bool
	// Expires is when the good token expires.
	Expires time.Time
}

// Authenticate accepts the token "good", and fails for "down" as if the sessions were unavailable.
func (a *Tokens) Authenticate(_ context.Context, token, address string) (auth.Viewer, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	switch {
	case token == "down":
		return auth.Viewer{}, errors.New("no route to hunter2")
	case token != "good" || a.ended:
		return auth.Viewer{}, auth.ErrInvalidToken
	}
	return auth.Viewer{Role: auth.User, Account: auth.ID{1}, Expires: a.Expires, Address: address}, nil
}

// EndSessions makes the good token invalid.
func (a *Tokens) EndSessions() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.ended = true
}

// Log collects log output.
type Log struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *Log) Write(line []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(line)
}

// String returns the whole log.
func (b *Log) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// Receive waits for a value from a channel.
func Receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(20 * time.Second):
		t.Fatalf("timed out waiting for %s", what)
	}
	panic("unreachable")
}

// Eventually waits until a condition holds.
func Eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting until %s", what)
		}
	}
}

// SameJSON reports whether two JSON texts are equivalent.
func SameJSON(a, b string) bool {
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
