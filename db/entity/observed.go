package entity

import (
	"context"
	"time"

	"crm/db/store"
)

// CallObserver is told about calls to the store, for metrics.
type CallObserver interface {
	// StoreCall is called after a call, with the name of its method.
	StoreCall(method string, took time.Duration, err error)
}

// ObserveCalls returns a store that forwards calls to s and tells the observer about them.
func ObserveCalls(s store.Store, observer CallObserver) store.Store { return observed{s, observer} }

// observed isn't told about calls that only the start and the end of the program make.
type observed struct {
	store.Store
	observer CallObserver
}

// ended is deferred with the time at which a call began.
func (s observed) ended(method string, began time.Time, err *error) {
	s.observer.StoreCall(method, time.Since(began), *err)
}

func (s observed) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) (err error) {
	defer s.ended("Insert", time.Now(), &err)
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s observed) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) (err error) {
	defer s.ended("Update", time.Now(), &err)
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s observed) Delete(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event,
) (err error) {
	defer s.ended("Delete", time.Now(), &err)
	return s.Store.Delete(ctx, c, id, where, events...)
}

// Batch implements store.Batcher.
func (s observed) Batch(ctx context.Context, writes func(w store.Writer) error) (err error) {
	defer s.ended("Batch", time.Now(), &err)
	return store.Batch(ctx, s.Store, writes)
}

func (s observed) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) (err error) {
	defer s.ended("Find", time.Now(), &err)
	return s.Store.Find(ctx, c, q, next)
}

func (s observed) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) (err error) {
	defer s.ended("FindChildren", time.Now(), &err)
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (s observed) Count(ctx context.Context, c *store.Collection, where store.Filter) (n int, err error) {
	defer s.ended("Count", time.Now(), &err)
	return s.Store.Count(ctx, c, where)
}

func (s observed) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (counts map[store.ID]int, err error) {
	defer s.ended("CountBy", time.Now(), &err)
	return s.Store.CountBy(ctx, c, field, values, where)
}

func (s observed) Claim(
	ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document,
) (err error) {
	defer s.ended("Claim", time.Now(), &err)
	return s.Store.Claim(ctx, c, q, set, doc)
}

func (s observed) MoveEvents(ctx context.Context, limit int) (moved int, err error) {
	defer s.ended("MoveEvents", time.Now(), &err)
	return s.Store.MoveEvents(ctx, limit)
}

func (s observed) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (removed int, err error) {
	defer s.ended("Purge", time.Now(), &err)
	return s.Store.Purge(ctx, c, where, limit)
}

func (s observed) Ping(ctx context.Context) (err error) {
	defer s.ended("Ping", time.Now(), &err)
	return s.Store.Ping(ctx)
}
