package cache_test

import (
	"context"
	"sync/atomic"

	"crm/db/store"
)

// countedReads counts the reads of an engine.
type countedReads struct {
	store.Observable

	reads atomic.Int64
}

func (s *countedReads) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	s.reads.Add(1)
	return s.Observable.Find(ctx, c, q, next)
}

func (s *countedReads) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	s.reads.Add(1)
	return s.Observable.FindChildren(ctx, c, parent, parents, q, next)
}

func (s *countedReads) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	s.reads.Add(1)
	return s.Observable.Count(ctx, c, where)
}

func (s *countedReads) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	s.reads.Add(1)
	return s.Observable.CountBy(ctx, c, field, values, where)
}
