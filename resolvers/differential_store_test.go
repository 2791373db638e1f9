package resolvers_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	"crm/db"
	"crm/db/store"
)

// failures define which store calls of one operation fail, and how. This depends only on the calls and not on their order:
// gqlgen's executor calls in any order, and both responses need the same failures.
type failures struct {
	// One in oneIn calls fails; none if it is 0.
	oneIn uint64
	salt  uint64
	// err is the same for all calls, because the response may show either of two errors.
	err error
}

// storeErrors are the errors that a store may return: internal ones, coded ones, and those of a context.
var storeErrors = []error{
	errors.New("the disk is on fire"), store.Errorf(store.Unavailable, "the database can't be reached"),
	store.Errorf(store.NotFound, "it is gone"), fmt.Errorf("cannot wait: %w", context.DeadlineExceeded), context.Canceled,
	store.FieldError(store.BadInput, "where.title", "is %s", nasty[7]), errPanics,
}

// errPanics makes the store panic instead.
var errPanics = errors.New("panic")

type failuresKey struct{}

// failing is a store that fails according to the failures in a call's context.
type failing struct{ store.Store }

// fails returns the error for a call, or nil; write describes the call.
func (failing) fails(ctx context.Context, call string, c *store.Collection, write func(w io.Writer)) error {
	plan, _ := ctx.Value(failuresKey{}).(failures)
	if plan.oneIn == 0 || c == db.Sessions.Collection || c == db.LoginAttempts.Collection {
		return nil // their calls depend on the clock and on new ids
	}
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, plan.salt, call, c.Name)
	write(sum)
	// The lowest bits of FNV are poorly mixed.
	if sum.Sum64()>>7%plan.oneIn != 0 {
		return nil
	}
	if errors.Is(plan.err, errPanics) {
		panic("the store panics")
	}
	return plan.err
}

// describeQuery writes a query in a canonical form.
func describeQuery(w io.Writer, q store.Query) {
	_, _ = fmt.Fprint(w, q.Sort, q.After, q.Limit)
	describeFilter(w, q.Where)
}

// describeFilter writes a filter with sorted values: they are a set, and ids are in any order.
func describeFilter(w io.Writer, f store.Filter) {
	values := make([]string, len(f.Values))
	for i, value := range f.Values {
		values[i] = fmt.Sprint(value)
	}
	slices.Sort(values)
	_, _ = fmt.Fprint(w, f.Op, f.Field, f.Value, values)
	for _, inner := range f.Filters {
		describeFilter(w, inner)
	}
	if f.Query != nil {
		_, _ = fmt.Fprint(w, f.Query.Collection.Name, f.Query.Select)
		describeFilter(w, f.Query.Where)
	}
}

func describeIDs(w io.Writer, ids []store.ID) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	slices.Sort(texts)
	_, _ = fmt.Fprint(w, texts)
}

func (s failing) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	if err := s.fails(ctx, "find", c, func(w io.Writer) { describeQuery(w, q) }); err != nil {
		return err
	}
	return s.Store.Find(ctx, c, q, next)
}

func (s failing) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) error {
	err := s.fails(ctx, parent, c, func(w io.Writer) {
		describeIDs(w, parents)
		describeQuery(w, q)
	})
	if err != nil {
		return err
	}
	return s.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (s failing) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	if err := s.fails(ctx, "count", c, func(w io.Writer) { describeFilter(w, where) }); err != nil {
		return 0, err
	}
	return s.Store.Count(ctx, c, where)
}

func (s failing) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	err := s.fails(ctx, "count "+field, c, func(w io.Writer) {
		describeIDs(w, values)
		describeFilter(w, where)
	})
	if err != nil {
		return nil, err
	}
	return s.Store.CountBy(ctx, c, field, values, where)
}

func (s failing) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if err := s.fails(ctx, "insert", c, func(io.Writer) {}); err != nil {
		return err
	}
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s failing) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if err := s.fails(ctx, "update", c, func(w io.Writer) { _, _ = fmt.Fprint(w, id) }); err != nil {
		return err
	}
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s failing) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	if err := s.fails(ctx, "delete", c, func(w io.Writer) { _, _ = fmt.Fprint(w, id) }); err != nil {
		return err
	}
	return s.Store.Delete(ctx, c, id, where, events...)
}
