package graph

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"crm/db"
	"crm/db/entity"
)

// TestPlansOfOneDocument runs operations with the same document, whose plans are kept: each must get what it selects, and
// with its own arguments.
func TestPlansOfOneDocument(t *testing.T) {
	t.Parallel()
	server := newTestServer(t, HandlerConfig{Resolvers: countingUser{stubResolvers: stubResolvers{
		viewer: func(context.Context) (Viewer, error) { return &db.User{Name: "Ada", Email: "ada@example.com"}, nil },
	}}})
	const (
		conditions = `query($a: Boolean!, $b: Boolean = true) { viewer { ... on User {
			name @include(if: $a) ... @skip(if: $b) { email } ...F @include(if: $a) } } } fragment F on User { version }`
		operations = `query A { ...F } query B { ...F viewer { ... on User { email } } } fragment F on Query { viewer { ... on User { name } } }`
		arguments  = `query($n: Int) { viewer { ... on User { interactions(first: $n) { totalCount } } } }`
	)
	for range 2 {
		for _, test := range []struct{ document, operation, variables, want string }{
			{conditions, "", `{"a":true}`, `{"name":"Ada","version":0}`},
			{conditions, "", `{"a":true,"b":false}`, `{"name":"Ada","email":"ada@example.com","version":0}`},
			{conditions, "", `{"a":false,"b":true}`, `{}`},
			{conditions, "", `{"a":false,"b":false}`, `{"email":"ada@example.com"}`},
			{operations, "A", `null`, `{"name":"Ada"}`},
			{operations, "B", `null`, `{"name":"Ada","email":"ada@example.com"}`},
			{arguments, "", `{"n":1}`, `{"interactions":{"totalCount":1}}`},
			{arguments, "", `{"n":2}`, `{"interactions":{"totalCount":2}}`},
		} {
			body := fmt.Sprintf(`{"query":%q,"operationName":%q,"variables":%s}`, strings.Join(strings.Fields(test.document), " "), test.operation, test.variables)
			got := server.do(http.MethodPost, "/", body, "As: USER")
			if want := `{"viewer":` + test.want + `}`; string(got.parsed.Data) != want {
				t.Errorf("%s %s: got %s, want %s", test.operation, test.variables, got.body, want)
			}
		}
	}
	if log := server.log.String(); strings.Contains(log, "panic") {
		t.Error(log)
	}
}

// countingUser resolves User.interactions to a list whose total count is the argument first.
type countingUser struct {
	stubResolvers
	UserResolver
}

func (c countingUser) User() UserResolver { return c }

func (countingUser) Interactions(
	_ context.Context, _ *db.User, first *int, _ *string, _ *int, _ *string, _ *InteractionWhere, _ []*InteractionOrder,
) (*InteractionConnection, error) {
	return NewConnection(&entity.Page[db.Interaction]{}, func(context.Context) (int, error) { return *first, nil }), nil
}
