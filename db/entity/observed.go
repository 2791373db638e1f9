package entity

import (
	"context"
	"time"

	"crm/db/store"
)

// CallObserver is told about calls to the store, for metrics and traces.
type CallObserver interface {
	// StoreCall is called after a call, with its context.
	StoreCall(ctx context.Context, c Call)
}

// Call is what a CallObserver learns about a call.
type Call struct {
	// Method is the method's name, and Collection that of the collection; empty if the call concerns none, or several.
	Method, Collection string
	Began              time.Time
	Took               time.Duration
	Err                error
}

// ObserveCalls returns a store that forwards calls to s and tells the observer about them.
func ObserveCalls(s store.Store, observer CallObserver) store.Store { return observed{s, observer} }

// observed isn't told about calls that only the start and the end of the program make.
type observed struct {
	store.Store
	observer CallObserver
}

// ended is deferred with the time at which a call began.
func (s observed) ended(ctx context.Context, method string, c *store.Collection, began time.Time, err *error) {
	call := Call{Method: method, Began: began, Took: time.Since(began), Err: *err}
	if c != nil {
		call.Collection = c.Name
	}
	s.observer.StoreCall(ctx, call)
}

func (s observed) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) (err error) {
	defer s.ended(ctx, "Insert", c, time.Now(), &err)
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s observed) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) (err error) {
	defer s.ended(ctx, "Update", c, time.Now(), &err)
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s observed) Delete(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event,
) (err error) {
	defer s.ended(ctx, "Delete", c, time.Now(), &err)
	return s.Store.Delete(ctx, c, id, where, events...)
}

// Batch implements store.Batcher.
func (s observed) Batch(ctx context.Context, writes func(w store.Writer) error) (err error) {
	defer s.ended(ctx, "Batch", nil, time.Now(), &err)
	return store.Batch(ctx, s.Store, writes)
}

func (s observed) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) (err error) {
	defer s.ended(ctx, "Find", c, time.Now(), &err)
	return s.Store.Find(ctx, c, q, next)
}

func (s observed) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) (err error) {
	defer s.ended(ctx, "FindChildren", c, time.Now(), &err)
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (s observed) Count(ctx context.Context, c *store.Collection, where store.Filter) (n int, err error) {
	defer s.ended(ctx, "Count", c, time.Now(), &err)
	return s.Store.Count(ctx, c, where)
}

func (s observed) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (counts map[store.ID]int, err error) {
	defer s.ended(ctx, "CountBy", c, time.Now(), &err)
	return s.Store.CountBy(ctx, c, field, values, where)
}

func (s observed) Claim(
	ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document,
) (err error) {
	defer s.ended(ctx, "Claim", c, time.Now(), &err)
	return s.Store.Claim(ctx, c, q, set, doc)
}

func (s observed) MoveEvents(ctx context.Context, limit int) (moved int, err error) {
	defer s.ended(ctx, "MoveEvents", nil, time.Now(), &err)
	return s.Store.MoveEvents(ctx, limit)
}

func (s observed) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (removed int, err error) {
	defer s.ended(ctx, "Purge", c, time.Now(), &err)
	return s.Store.Purge(ctx, c, where, limit)
}

func (s observed) Ping(ctx context.Context) (err error) {
	defer s.ended(ctx, "Ping", nil, time.Now(), &err)
	return s.Store.Ping(ctx)
}
