package graph

import (
	"context"
	"testing"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// countingStore implements only Count.
type countingStore struct{ store.Store }

func (countingStore) Count(context.Context, *store.Collection, store.Filter) (int, error) {
	return 0, nil
}

func TestCostInResponse(t *testing.T) {
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
	called := 0
	server := newTestServer(t, HandlerConfig{
		NewOperation: func(ctx context.Context) context.Context {
			called++
			return context.WithValue(ctx, key{}, called)
		},
		Resolvers: stubResolvers{viewer: func(ctx context.Context) (Viewer, error) {
			if ctx.Value(key{}) != called {
				t.Error("the resolver's context is not the operation's")
			}
			return nil, nil
		}},
	})
	for range 2 {
		server.query("{a:viewer{__typename} b:viewer{__typename}}")
	}
	server.query("{nope}")
	if called != 2 {
		t.Errorf("called %d times for 2 operations", called)
	}
}
