package cache_test

import (
	"context"
	"testing"

	"crm/db/cache"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/db/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Engine{Open: func(t *testing.T, collections ...*store.Collection) store.Store {
		t.Helper()
		return twice{open(t, collections...)}
	}})
}

// open opens a store with a cache over an engine.
func open(tb testing.TB, collections ...*store.Collection) *cache.Store {
	tb.Helper()
	s, err := cache.New(sqlitetest.OpenNew(tb, collections), collections, cache.MinBytes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return s
}

// twice is a store that does each read twice. The second one is answered from memory, unless something changes meanwhile.
type twice struct{ *cache.Store }

func (s twice) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	_ = s.Store.Find(ctx, c, q, func() store.Document { return cache.NewRecord(c) })
	return s.Store.Find(ctx, c, q, next)
}

func (s twice) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	_ = s.Store.FindChildren(ctx, c, parent, parents, q, func(store.ID) store.Document { return cache.NewRecord(c) })
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (s twice) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	_, _ = s.Store.Count(ctx, c, where)
	return s.Store.Count(ctx, c, where)
}

func (s twice) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	_, _ = s.Store.CountBy(ctx, c, field, values, where)
	return s.Store.CountBy(ctx, c, field, values, where)
}
