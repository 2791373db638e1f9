package sqlite

import (
	"slices"

	"crm/db/store"
)

// This file decides which of a query's conditions find its documents by an index, and which only check documents that
// are found otherwise. Most of it follows from the declarations of the collections, and the rest is looked up when the
// query runs: see selectivity.go.
//
// SQLite's own planner isn't enough, even with fresh statistics from ANALYZE, since they say nothing about the order of
// a list. With 600,000 tickets, the first page of the open ones, most recently updated first, took 1,700 ms with its
// plan and takes 1.4 with this one; interactions with a common title by their start took 155 and take 2; planned ones
// since yesterday by title took 1,500 and take 1.3.
//
// A condition that few documents match finds them, and they are sorted if no index gives the order. Without such a
// condition, an index reads the documents in the list's order, from the cursor to the end of the page, and the
// conditions, which many documents match, check them.

// access says how a condition of a query is used.
type access struct {
	// search lets an index find documents by the condition.
	search bool
	// sort is the query's order.
	sort []store.Sort
}

// plan is how the documents of a query are found.
type plan struct {
	sort  []store.Sort
	parts []store.Filter // the conditions, all of which have to hold
	// searches says of each part whether an index finds documents by it.
	searches []bool
	// sorts says that the documents found are few and have to be sorted.
	sorts bool
}

// plan plans a query. The documents of a parent are found by the parent's id. matchesFew says which of the conditions
// that are declared as selective, or ask for a missing value, match only few documents in fact; it may be nil.
func (s *Store) plan(t *table, parent bool, q store.Query, matchesFew func(store.Filter) (bool, error)) (plan, error) {
	a := access{sort: q.Sort}
	p := plan{sort: q.Sort, parts: conjuncts(q.Where, nil)}
	p.searches = make([]bool, len(p.parts))
	ordered, found := parent, parent
	for i, f := range p.parts {
		var err error
		switch {
		case parent || !a.isSelective(s, t, f):
			p.searches[i] = a.isBound(f)
			continue
		case a.givesOrder(s, t, f):
			p.searches[i], ordered = true, true
		case matchesFew == nil:
			p.searches[i] = true
		case !found:
			if p.searches[i], err = matchesFew(f); err != nil {
				return plan{}, err
			}
		}
		found = found || p.searches[i]
	}
	if !found && matchesFew != nil {
		var err error
		if found, err = p.findNulls(a, s, t, matchesFew); err != nil {
			return plan{}, err
		}
	}
	for i, f := range p.parts {
		if !found && !p.searches[i] && a.givesOrder(s, t, f) {
			p.searches[i], found, ordered = true, true, true
		}
	}
	if p.sorts = found && !ordered && len(q.Sort) > 0; p.sorts {
		for i, f := range p.parts {
			p.searches[i] = p.searches[i] && !a.isBound(f)
		}
	}
	return p, nil
}

// findNulls lets an index find the documents that lack a value, if they are few and the index doesn't give the list's order. Most fields
// that may be null are so in many documents, so no declaration says that they are selective.
func (p *plan) findNulls(a access, s *Store, t *table, matchesFew func(store.Filter) (bool, error)) (found bool, err error) {
	for i, f := range p.parts {
		if f.Op != store.OpIsNull || !t.beginsIndex(f.Field) || a.givesOrder(s, t, f) {
			continue
		}
		if p.searches[i], err = matchesFew(f); err != nil || p.searches[i] {
			return p.searches[i], err
		}
	}
	return false, nil
}

// conditions writes the conditions of a query.
func (b *builder) conditions(t *table, p plan) {
	sep := ""
	for i, f := range p.parts {
		b.write(sep)
		b.filter(t, f, access{search: p.searches[i], sort: p.sort})
		sep = " AND "
	}
	if len(p.parts) == 0 {
		b.write("1")
	}
}

// conjuncts appends the conditions that all have to hold.
func conjuncts(f store.Filter, to []store.Filter) []store.Filter {
	if f.Op != store.OpAnd {
		return append(to, f)
	}
	for _, part := range f.Filters {
		to = conjuncts(part, to)
	}
	return to
}

// isSelective reports whether few documents match according to the declarations.
func (a access) isSelective(s *Store, t *table, f store.Filter) bool {
	selective := func(f store.Filter) bool { return a.isSelective(s, t, f) }
	switch f.Op {
	case store.OpAnd:
		return slices.ContainsFunc(f.Filters, selective)
	case store.OpOr:
		return !slices.ContainsFunc(f.Filters, func(f store.Filter) bool { return !selective(f) })
	case store.OpInQuery:
		return access{}.isSelective(s, s.table(f.Query.Collection), f.Query.Where)
	case store.OpContains:
		return t.finds(f)
	case store.OpEq, store.OpIn:
		return !t.columns[f.Field].LowCardinality
	case store.OpGt, store.OpGte, store.OpLt, store.OpLte, store.OpStartsWith:
		return !t.columns[f.Field].LowCardinality && f.Value != "" && !a.isBound(f)
	}
	return false
}

// isBound reports whether a condition bounds where the list begins or ends.
func (a access) isBound(f store.Filter) bool {
	switch f.Op {
	case store.OpGt, store.OpGte, store.OpLt, store.OpLte, store.OpStartsWith:
		return len(a.sort) > 0 && a.sort[0].Field == f.Field
	}
	return false
}

// givesOrder reports whether an index returns the documents that match the condition in the query's order.
func (a access) givesOrder(s *Store, t *table, f store.Filter) bool {
	if f.Op == store.OpOr && len(a.sort) == 0 {
		return !slices.ContainsFunc(f.Filters, func(f store.Filter) bool {
			return !a.isSelective(s, t, f) && !a.givesOrder(s, t, f)
		})
	}
	single := f.Op == store.OpEq || f.Op == store.OpIsNull || f.Op == store.OpIn && len(f.Values) == 1
	if !single && (f.Op != store.OpIn || len(a.sort) > 0) {
		return false
	}
	rest := slices.DeleteFunc(slices.Clone(a.sort), func(key store.Sort) bool { return key.Field == f.Field })
	return slices.ContainsFunc(t.collection.Indexes, func(index store.Index) bool {
		return index.Keys[0].Field == f.Field && isOrder(index.Keys[1:], rest)
	})
}

// isOrder reports whether the keys of an index begin with an order, in its direction or the opposite one.
func isOrder(keys []store.Key, order []store.Sort) bool {
	if len(order) > len(keys) {
		return false
	}
	for i, key := range order {
		if keys[i].Field != key.Field || (keys[i].Desc != key.Desc) != (keys[0].Desc != order[0].Desc) {
			return false
		}
	}
	return true
}
