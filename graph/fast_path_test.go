package graph

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"crm/db"
	"crm/db/entity"
)

// TestAppendString checks that strings are written as gqlgen writes them, whatever bytes they contain.
// resolvers/differential_test.go checks whole responses.
func TestAppendString(t *testing.T) {
	t.Parallel()
	texts := []string{"", "é\u2028\u2029😀", "a\xffb\xed\xa0\x80"}
	for b := range 256 {
		texts = append(texts, string([]byte{'a', byte(b), 'z'}), string([]byte{byte(b), byte(b)}))
	}
	for _, text := range texts {
		var want bytes.Buffer
		graphql.MarshalString(text).MarshalGQL(&want)
		if got := appendString(nil, text); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%q is written as %s, want %s", text, got, want.Bytes())
		}
	}
}

// TestPanicInTheFastPath makes the resolver of a nested field panic at its first call: the executor replaces the fast
// path, and the panic is logged.
func TestPanicInTheFastPath(t *testing.T) {
	t.Parallel()
	resolvers := &panickingOnce{stubResolvers: stubResolvers{viewer: func(context.Context) (Viewer, error) {
		return &db.User{Name: "Ada"}, nil
	}}}
	server := newTestServer(t, HandlerConfig{Resolvers: resolvers})
	got := server.query(`{ viewer { ... on User { name interactions { totalCount } } } }`, "X-Request-Id: request-1")
	if want := `{"data":{"viewer":{"name":"Ada","interactions":{"totalCount":0}}}}`; strings.TrimSpace(got.body) != want {
		t.Errorf("got %s, want %s", got.body, want)
	}
	logged := server.log.String()
	if strings.Count(logged, "panic in the fast path") != 1 || !strings.Contains(logged, "first call") || !strings.Contains(logged, `"requestId":"request-1"`) {
		t.Errorf("the log has:\n%s", logged)
	}
}

// TestPanicIsLoggedOnce makes the resolver of a nested field panic at each call, in the fast path and in gqlgen's executor, where
// two fields call it.
func TestPanicIsLoggedOnce(t *testing.T) {
	t.Parallel()
	resolvers := &panickingOnce{always: true, stubResolvers: stubResolvers{viewer: func(context.Context) (Viewer, error) {
		return &db.User{Name: "Ada"}, nil
	}}}
	server := newTestServer(t, HandlerConfig{Resolvers: resolvers})
	got := server.query(`{ viewer { ... on User { a: interactions { totalCount } b: interactions { totalCount } } } }`)
	if got.codes() != "INTERNAL_SERVER_ERROR,INTERNAL_SERVER_ERROR" && got.codes() != "INTERNAL_SERVER_ERROR" {
		t.Errorf("got %s", got.body)
	}
	if logged := server.log.String(); strings.Count(logged, `"stack"`) != 1 || strings.Count(logged, "a call") != 1 {
		t.Errorf("the log has:\n%s", logged)
	}
}

// panickingOnce resolves User.interactions and panics at the first call, or always.
type panickingOnce struct {
	stubResolvers
	UserResolver
	called atomic.Bool
	always bool
}

func (p *panickingOnce) User() UserResolver { return p }

func (p *panickingOnce) Interactions(
	context.Context, *db.User, *int, *string, *int, *string, *InteractionWhere, []*InteractionOrder,
) (*InteractionConnection, error) {
	if p.always {
		panic("a call")
	}
	if !p.called.Swap(true) {
		panic("first call")
	}
	return NewConnection(&entity.Page[db.Interaction]{}, func(context.Context) (int, error) { return 0, nil }), nil
}
