package graph

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

func TestComplexity(t *testing.T) {
	t.Parallel()
	executor := NewExecutor(HandlerConfig{Introspection: true, Limits: Limits{Complexity: saturated, CostPerMinute: 1 << 40}})
	for query, want := range map[string]int{
		`{__typename}`:                                                                       1,
		`{viewer{... on User{id name}}}`:                                                     3,
		`{customers{totalCount}}`:                                                            2,
		`{customers{nodes{id}}}`:                                                             1 + 20*2,
		`{customers(first:5){nodes{id}}}`:                                                    1 + 5*2,
		`{customers(last:5){nodes{id}}}`:                                                     1 + 5*2,
		`{customers(first:0){nodes{id}}}`:                                                    1,
		`{customers(first:null){nodes{id}}}`:                                                 1 + 20*2,
		`{customers(first:-1){nodes{id}}}`:                                                   1,
		`{customers(first:100000){nodes{id}}}`:                                               1 + 100*2,
		`query($n:Int=3){customers(first:$n){nodes{id}}}`:                                    1 + 3*2,
		`query($n:Int){customers(first:$n){nodes{id}}}`:                                      1 + 20*2,
		`{customers(first:5){edges{cursor node{id}} pageInfo{endCursor}}}`:                   1 + 5*4 + 2,
		`{customers(first:5){...page}} fragment page on CustomerConnection{nodes{id}}`:       1 + 5*2,
		`{customers(first:5){nodes{tickets(first:3){nodes{id viewerCan}}}}}`:                 1 + 5*(1+1+3*3),
		`{customers(first:5){nodes{...c}}} fragment c on Customer{tickets{nodes{id}}}`:       1 + 5*(1+1+20*2),
		`{nodes(ids:["a","b"]){id}}`:                                                         1 + 2,
		`{nodes(ids:"a"){id}}`:                                                               1 + 1,
		`{nodes(ids:["a","b"]){... on Customer{tickets(first:3){nodes{id}}}}}`:               1 + 2*(1+3*2),
		`query($i:[ID!]=["a","b","c"]){nodes(ids:$i){id}}`:                                   1 + 3,
		`{__schema{directives{name}}}`:                                                       1 + 2*2,
		`{__schema{types{name}}}`:                                                            1 + len(executor.schema.Types)*2,
		chain(8, "Customer", "{customer(by:{id:1}){...f0}}", "...NEXT ...NEXT", "id"):        1 + 256,
		`{a:customer(by:{id:1}){id} b:customer(by:{id:1}){id}}`:                              4,
		strings.Replace(`{customers(first:100){nodes{X}}}`, "X", nestedPages(5), 1):          saturated,
		strings.Replace(`{customers(first:100){nodes{X}}}`, "X", nestedPages(1)+" id id", 1): 1 + 100*(1+2+1+100*(1+1)),
	} {
		ctx := graphql.StartOperationTrace(t.Context())
		operation, errs := executor.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
		if len(errs) > 0 {
			t.Errorf("%s: %v", query, errs)
			continue
		}
		if got := complexity(graphql.WithOperationContext(ctx, operation)); got != want {
			t.Errorf("%s costs %d, want %d", query, got, want)
		}
	}
}

// nestedPages returns a customer's tickets' customers' tickets and so on.
func nestedPages(n int) string {
	const page = "tickets(first:100){nodes{"
	return strings.Repeat(page+"customer{", n-1) + page + "id}}" + strings.Repeat("}}}", n-1)
}

// countingStore answers counts only.
type countingStore struct{ store.Store }

func (countingStore) Count(context.Context, *store.Collection, store.Filter) (int, error) {
	return 0, nil
}

func TestCostInAnswer(t *testing.T) {
	t.Parallel()
	engine := entity.CountCalls(countingStore{})
	resolvers := stubResolvers{viewer: func(ctx context.Context) (Viewer, error) {
		_, err := engine.Count(ctx, db.Customers.Collection, store.Filter{})
		return nil, err
	}}
	for _, test := range []struct {
		showCost bool
		header   string
		shown    bool
	}{
		{false, "", false}, {false, "1", true}, {false, "0", false}, {false, "yes", false},
		{true, "", true}, {true, "1", true}, {true, "0", false}, {true, "yes", true},
	} {
		server := newTestServer(t, HandlerConfig{Resolvers: resolvers, ShowCost: test.showCost})
		got := server.query("{viewer{__typename} again:viewer{__typename}}", "X-GraphQL-Cost: "+test.header)
		cost, shown := got.parsed.Extensions["cost"]
		if shown != test.shown {
			t.Errorf("ShowCost %t and header %q got %s", test.showCost, test.header, got.body)
		}
		if shown && (cost["complexity"] != 4 || cost["storeCalls"] != 2) {
			t.Errorf("got %v", cost)
		}
	}
}

func TestNewOperation(t *testing.T) {
	t.Parallel()
	type key struct{}
	made := 0
	server := newTestServer(t, HandlerConfig{
		NewOperation: func(ctx context.Context) context.Context {
			made++
			return context.WithValue(ctx, key{}, made)
		},
		Resolvers: stubResolvers{viewer: func(ctx context.Context) (Viewer, error) {
			if ctx.Value(key{}) != made {
				t.Error("the resolver's context is not the operation's")
			}
			return nil, nil
		}},
	})
	for range 2 {
		server.query("{a:viewer{__typename} b:viewer{__typename}}")
	}
	server.query("{nope}")
	if made != 2 {
		t.Errorf("made %d for 2 operations", made)
	}
}
