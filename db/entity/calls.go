package entity

import (
	"context"
	"sync/atomic"

	"crm/db/store"
)

// Calls counts the calls to the store that one operation makes.
type Calls struct{ n atomic.Int64 }

// Count returns the number of calls so far.
func (c *Calls) Count() int { return int(c.n.Load()) }

// Repeat counts the calls that a response took when it was made, now that it is taken from memory. So a query costs the same each time.
func (c *Calls) Repeat(calls int) { c.n.Add(int64(calls)) }

type callsKey struct{}

// WithCalls returns a context under which calls to the store are counted.
func WithCalls(ctx context.Context) (context.Context, *Calls) {
	calls := new(Calls)
	return context.WithValue(ctx, callsKey{}, calls), calls
}

// CountCalls returns a store that forwards calls to s and counts them if the context has a counter.
func CountCalls(s store.Store) store.Store { return counted{s} }

// counted doesn't count EnsureIndexes, MoveEvents, Ping and Close: no client operation calls them.
type counted struct{ store.Store }

func countCall(ctx context.Context) {
	if calls, ok := ctx.Value(callsKey{}).(*Calls); ok {
		calls.n.Add(1)
	}
}

func (s counted) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	countCall(ctx)
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s counted) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	countCall(ctx)
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s counted) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	countCall(ctx)
	return s.Store.Delete(ctx, c, id, where, events...)
}

// Batch implements store.Batcher.
func (s counted) Batch(ctx context.Context, writes func(w store.Writer) error) error {
	countCall(ctx)
	return store.Batch(ctx, s.Store, writes)
}

func (s counted) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	countCall(ctx)
	return s.Store.Find(ctx, c, q, next)
}

func (s counted) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) error {
	countCall(ctx)
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (s counted) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	countCall(ctx)
	return s.Store.Count(ctx, c, where)
}

func (s counted) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	countCall(ctx)
	return s.Store.CountBy(ctx, c, field, values, where)
}

func (s counted) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (int, error) {
	countCall(ctx)
	return s.Store.Purge(ctx, c, where, limit)
}

func (s counted) Claim(ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document) error {
	countCall(ctx)
	return s.Store.Claim(ctx, c, q, set, doc)
}
