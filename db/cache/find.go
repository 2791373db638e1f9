package cache

import (
	"context"
	"slices"

	"crm/db/store"
)

// Find implements store.Store.
func (s *Store) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	of := s.of(c)
	if of == nil {
		return s.Store.Find(ctx, c, q, next)
	}
	if ids, rest, ok := byID(q); ok {
		return s.FindChildren(ctx, c, "_id", ids, rest, func(store.ID) store.Document { return next() })
	}
	asked, known := keyOf(findQuery, c, "", q)
	if !known {
		return s.Store.Find(ctx, c, q, next)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	about := store.ID{} // the answer is about no id
	into := func(store.ID) store.Document { return next() }
	if a := s.lookUp(asked); a != "" {
		recordingOf(ctx).noteFound(a)
		_, err := a.documents(c, q.Fields, nil, about, into)
		return err
	}
	r := recorder{fields: q.Fields, limit: s.maxAnswer, next: into}
	basis := s.basisOf(of, q.Where)
	err := s.Store.Find(ctx, c, q, func() store.Document { return r.read(about) })
	if err != nil {
		return err
	}
	recordingOf(ctx).noteRead(basis)
	if r.end() {
		count, documents := r.about(about)
		s.keep(asked, basis, count, documents)
	}
	return nil
}

// byID returns the ids in a query of documents by their ids, and the rest of the query.
func byID(q store.Query) (ids []store.ID, rest store.Query, ok bool) {
	ids, where, ok := idsIn(q.Where)
	if !ok || q.After != nil || len(ids) == 0 || len(ids) > 1 && (len(q.Sort) > 0 || q.Limit > 0) {
		return nil, store.Query{}, false
	}
	return ids, store.Query{Where: where, Fields: q.Fields}, true
}

// idsIn returns the ids that a filter restricts documents to, and the rest of the filter.
func idsIn(where store.Filter) (ids []store.ID, rest store.Filter, ok bool) {
	switch {
	case where.Op == store.OpAnd:
		for i, f := range where.Filters {
			if ids, rest, ok := idsIn(f); ok && f.Op != store.OpAnd {
				others := slices.Concat(where.Filters[:i], where.Filters[i+1:])
				return ids, store.And(append(others, rest)...), true
			}
		}
	case where.Field != "_id":
	case where.Op == store.OpEq:
		id, ok := where.Value.(store.ID)
		return []store.ID{id}, store.Filter{}, ok
	case where.Op == store.OpIn:
		ids = make([]store.ID, len(where.Values))
		seen := make(map[store.ID]bool, len(ids))
		for i, value := range where.Values {
			id, isID := value.(store.ID)
			if !isID || seen[id] {
				return nil, store.Filter{}, false
			}
			ids[i], seen[id] = id, true
		}
		return ids, store.Filter{}, true
	}
	return nil, store.Filter{}, false
}

// FindChildren implements store.Store.
func (s *Store) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	of := s.of(c)
	if of == nil || !of.refers(parent) {
		return s.Store.FindChildren(ctx, c, parent, parents, q, next)
	}
	asked, known := keyOf(childQuery, c, parent, q)
	if !known {
		return s.Store.FindChildren(ctx, c, parent, parents, q, next)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	e := s.ask(of, asked, parent, parents, q.Where)
	if len(e.missing) == len(parents) {
		return e.readAll(ctx, parent, q, next)
	}
	complete, err := e.readMissing(ctx, parent, q)
	if err != nil {
		return err
	}
	if !complete {
		return s.Store.FindChildren(ctx, c, parent, parents, q, next)
	}
	var pointers []any
	for i, a := range e.found {
		if pointers, err = a.documents(c, q.Fields, pointers, parents[i], next); err != nil {
			return err
		}
	}
	recordingOf(ctx).notePerID(e)
	return nil
}

// readAll reads the documents of all parents.
func (e *perID) readAll(ctx context.Context, parent string, q store.Query, next func(store.ID) store.Document) error {
	r := recorder{fields: q.Fields, limit: e.store.maxRead, next: next}
	if err := e.store.Store.FindChildren(ctx, e.of.Collection, parent, e.missing, q, r.read); err != nil {
		return err
	}
	recordingOf(ctx).notePerID(e)
	if r.end() {
		for i, id := range e.missing {
			count, documents := r.about(id)
			e.keep(i, count, documents)
		}
	}
	return nil
}

// readMissing reads the documents of the parents without an answer. complete is false if they can't be combined with the
// answers found, so that all have to be read.
func (e *perID) readMissing(ctx context.Context, parent string, q store.Query) (complete bool, err error) {
	if len(e.missing) == 0 {
		return e.isCurrent(), nil
	}
	doc := store.NewRecord(e.of.Collection)
	r := recorder{fields: q.Fields, limit: e.store.maxRead, next: func(store.ID) store.Document { return doc }}
	if err := e.store.Store.FindChildren(ctx, e.of.Collection, parent, e.missing, q, r.read); err != nil {
		return false, err
	}
	if !r.end() || !e.isCurrent() {
		return false, nil
	}
	for i, id := range e.missing {
		count, documents := r.about(id)
		e.found[e.at[i]] = e.keep(i, count, documents)
	}
	return true, nil
}
