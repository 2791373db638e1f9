package cache

import (
	"context"

	"crm/db/store"
)

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	of := s.of(c)
	if of == nil {
		return s.Store.Count(ctx, c, where)
	}
	asked, known := keyOf(countQuery, c, "", store.Query{Where: where})
	if !known {
		return s.Store.Count(ctx, c, where)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if a := s.lookUp(asked); a != "" {
		recordingOf(ctx).noteFound(a)
		return a.content().number(), nil
	}
	basis := s.basisOf(of, where)
	n, err := s.Store.Count(ctx, c, where)
	if err != nil {
		return 0, err
	}
	recordingOf(ctx).noteRead(basis)
	s.keep(asked, basis, n, nil)
	return n, nil
}

// CountBy implements store.Store.
func (s *Store) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	of := s.of(c)
	if of == nil || !of.refers(field) {
		return s.Store.CountBy(ctx, c, field, values, where)
	}
	asked, known := keyOf(countByQuery, c, field, store.Query{Where: where})
	if !known {
		return s.Store.CountBy(ctx, c, field, values, where)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := s.ask(of, asked, field, values, where)
	counts := make(map[store.ID]int, len(values))
	if len(e.missing) > 0 {
		read, err := s.Store.CountBy(ctx, c, field, e.missing, where)
		if err != nil {
			return nil, err
		}
		for i, id := range e.missing {
			counts[id] = read[id]
			e.keep(i, read[id], nil)
		}
	}
	if !e.isCurrent() {
		return s.Store.CountBy(ctx, c, field, values, where)
	}
	for i, a := range e.found {
		if a != "" {
			counts[values[i]] = a.content().number()
		}
	}
	recordingOf(ctx).notePerID(e)
	return counts, nil
}
