package entity

import (
	"slices"

	"crm/db/store"
)

// Sizes of a page, and the maximum number of order keys.
const (
	DefaultPage = 20
	MaxPage     = 100
	maxOrder    = 3
)

// List is the arguments of a Relay connection.
type List struct {
	First, Last   *int
	After, Before *string
	Where         store.Filter
	// Order lacks the _id that makes it total; if it is empty, the default order applies.
	Order []store.Sort
}

// Page is a part of a list, in the list's order.
type Page[T any] struct {
	Items       []*T
	HasNext     bool
	HasPrevious bool
	// Cursor returns the cursor of an item.
	Cursor func(item *T) string
}

// pageQuery is a validated List.
type pageQuery struct {
	query    store.Query
	size     int
	backward bool
	// bounded says whether a cursor bounds the list at the end where reading begins.
	bounded bool
	cursors cursors
}

// newPageQuery validates a list's arguments. It reads one element more than the page holds, to see whether there is a
// next one.
func newPageQuery(keys [][]byte, def *Definition, list List) (pageQuery, error) {
	var problems store.Problems
	list.After, list.Before = orAbsent(list.After), orAbsent(list.Before)
	r := pageQuery{size: list.size(&problems), backward: list.Last != nil || (list.Before != nil && list.First == nil)}
	order := totalOrder(def, list.Order, &problems)
	r.cursors = newCursors(keys, def.Collection, order)
	after, before := r.cursors.parse("after", list.After, &problems), r.cursors.parse("before", list.Before, &problems)
	if err := problems.Err(); err != nil {
		return pageQuery{}, err
	}
	r.query = store.Query{Where: list.Where, Sort: order, After: after, Limit: r.size + 1}
	if r.backward {
		r.query.Sort, r.query.After = reversed(order), before
		before = after
	}
	r.bounded = r.query.After != nil
	if before != nil {
		r.query.Where = store.And(r.query.Where, precedes(r.query.Sort, before))
	}
	return r, nil
}

// orAbsent makes an empty cursor an absent one: Apollo Client's relayStylePagination sends "" for the first page.
func orAbsent(cursor *string) *string {
	if cursor != nil && *cursor == "" {
		return nil
	}
	return cursor
}

func (l List) size(problems *store.Problems) int {
	size := DefaultPage
	for _, given := range []struct {
		path string
		n    *int
	}{{"first", l.First}, {"last", l.Last}} {
		if given.n == nil {
			continue
		}
		size = *given.n
		if size < 0 || size > MaxPage {
			problems.Add(given.path, "must be from 0 to %d, not %d", MaxPage, size)
		}
	}
	if l.First != nil && l.Last != nil {
		problems.Add("last", "must not be given together with first")
	}
	return size
}

// totalOrder ends the order with _id, in the direction of the last key, like the indexes. Elements with equal values of
// a low-cardinality first key are in the order of creation, which an index gives.
func totalOrder(def *Definition, order []store.Sort, problems *store.Problems) []store.Sort {
	if len(order) > maxOrder {
		problems.Add("orderBy", "must have at most %d keys, not %d", maxOrder, len(order))
	}
	for i, key := range order {
		if slices.ContainsFunc(order[:i], func(earlier store.Sort) bool { return earlier.Field == key.Field }) {
			problems.Add("orderBy", "must have each key once")
			break
		}
	}
	switch {
	case len(order) == 0 && len(def.DefaultOrder) > 0:
		order = def.DefaultOrder
	case len(order) == 0:
		order = []store.Sort{{Field: "created_at", Desc: true}}
	case def.Fields[def.FieldIndex(order[0].Field)].LowCardinality:
		order = withCreation(order, problems)
	}
	return append(slices.Clone(order), store.Sort{Field: "_id", Desc: order[len(order)-1].Desc})
}

// withCreation adds the second key to an order that begins with a low-cardinality key. No other key is allowed, since
// all documents with one value would have to be sorted.
func withCreation(order []store.Sort, problems *store.Problems) []store.Sort {
	if len(order) == 1 {
		return []store.Sort{order[0], {Field: "created_at", Desc: order[0].Desc}}
	}
	if order[1].Field != "created_at" {
		problems.Add("orderBy.1", "must be CREATED_AT: elements with equal first keys can't be ordered by another key")
	}
	return order[:2]
}

func reversed(order []store.Sort) []store.Sort {
	out := slices.Clone(order)
	for i := range out {
		out[i].Desc = !out[i].Desc
	}
	return out
}

// precedes matches documents that precede, in an order, the one whose keys have these values.
func precedes(order []store.Sort, values []any) store.Filter {
	var cases, same []store.Filter
	for i, key := range order {
		op := store.OpLt
		if key.Desc {
			op = store.OpGt
		}
		cases = append(cases, store.And(append(slices.Clone(same), store.Compare(op, key.Field, values[i]))...))
		same = append(same, store.Eq(key.Field, values[i]))
	}
	// The bound follows from the cases, but lets an engine stop reading an index there.
	bound := store.OpLte
	if order[0].Desc {
		bound = store.OpGte
	}
	return store.And(store.Compare(bound, order[0].Field, values[0]), store.Or(cases...))
}

// page makes a page of the items that were read.
func page[T any](r pageQuery, items []*T, document func(*T) store.Document) *Page[T] {
	p := &Page[T]{Items: items, Cursor: func(item *T) string { return r.cursors.of(document(item)) }}
	more := len(items) > r.size
	if more {
		p.Items = items[:r.size]
	}
	p.HasNext, p.HasPrevious = more, r.bounded
	if r.backward {
		slices.Reverse(p.Items)
		p.HasNext, p.HasPrevious = r.bounded, more
	}
	return p
}
