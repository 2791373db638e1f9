package mongo_test

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"crm/db"
	"crm/db/mongo"
	"crm/db/mongo/mongotest"
	"crm/db/store"
)

// TestManyRequestsShareThePool sends many requests at once, each of several operations, through pools that have fewer connections:
// those that get none wait, and nothing fails.
func TestManyRequestsShareThePool(t *testing.T) {
	t.Parallel()
	const requests = 200
	for name, test := range map[string]struct {
		option string
		most   float64
	}{
		"the driver's pool": {"", 100}, "a small pool": {"3", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openPool(t, test.option)
			parent := store.NewID()
			var running sync.WaitGroup
			for range requests {
				running.Go(func() {
					if err := request(t.Context(), s, parent); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
			count, err := s.Count(t.Context(), db.Interactions.Collection, store.Eq("customer_id", parent))
			wantNoError(t, "Count", err)
			if count != requests {
				t.Errorf("%d requests wrote %d documents", requests, count)
			}
			measures := make(map[string]float64)
			for _, m := range s.Measures() {
				measures[m.Name] = m.Value
			}
			connections := measures["mongo_pool_connections"]
			if connections == 0 || connections > test.most || measures["mongo_pool_failed_total"] > 0 || measures["mongo_pool_waiting"] > 0 {
				t.Errorf("the pool ends with %v, and may have %v connections", measures, test.most)
			}
		})
	}
}

// openPool opens a store on an empty database whose pool has at most so many connections, by default the driver's number.
func openPool(t *testing.T, most string) *mongo.Store {
	t.Helper()
	uri, err := url.Parse(mongotest.URI(t))
	wantNoError(t, "Parse", err)
	if most != "" {
		query := uri.Query()
		query.Set("maxPoolSize", most)
		uri.RawQuery = query.Encode()
	}
	s, err := mongo.Open(uri.String(), mongotest.Database(t).Name(), []*store.Collection{db.Interactions.Collection})
	wantNoError(t, "Open", err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// request does what a request may: it writes a document, and reads it and its siblings.
func request(ctx context.Context, s *mongo.Store, parent store.ID) error {
	doc := interactionOf(parent)
	if err := s.Insert(ctx, db.Interactions.Collection, doc); err != nil {
		return err
	}
	for _, where := range []store.Filter{store.Eq("_id", doc.ID), store.Eq("customer_id", parent)} {
		if err := s.Find(ctx, db.Interactions.Collection, store.Query{Where: where, Limit: 5}, newInteraction); err != nil {
			return err
		}
	}
	return nil
}
