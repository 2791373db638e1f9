package sqlite

import (
	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// maxSorted is the maximum number of documents that a list sorts. With three million documents, sorting that many costs
// about as much as finding a page of them in another order.
const maxSorted = 5000

// maxNulls is how many documents without a value a list sorts at most. Usually many lack it, and then a page is found sooner by reading in
// the list's order: if 5,000 of 5,500 lack it, that takes 0.03 ms, and sorting 1.9. To sort 200 takes 0.2.
const maxNulls = 200

// selectivity returns a function that reports, for a query's list, whether few documents match a condition. It counts
// them in an index, and no more than necessary. Without it the plan for a condition like "created after" would be right
// for the last hour and read everything for the last year, or the other way round.
func (c *conn) selectivity(s *Store, t *table, q store.Query) func(store.Filter) (bool, error) {
	if q.Limit <= 0 || len(q.Sort) == 0 {
		return nil
	}
	return func(f store.Filter) (bool, error) {
		composing := c.builder
		c.builder = builder{}
		defer func() { c.builder = composing }()
		if f.Op == store.OpIsNull {
			return c.areAtMost(min(maxNulls, s.maxSorted), s, t, f)
		}
		return c.isFew(s, t, f)
	}
}

// isFew reports whether few documents match a condition and an index finds them.
func (c *conn) isFew(s *Store, t *table, f store.Filter) (bool, error) {
	switch {
	case !access{}.isSelective(s, t, f):
		return false, nil
	case f.Op == store.OpAnd:
		return c.anyFew(s, t, f.Filters)
	case f.Op == store.OpOr:
		return c.allFew(s, t, f.Filters)
	case f.Op == store.OpInQuery:
		if few, err := c.isFew(s, s.table(f.Query.Collection), f.Query.Where); err != nil || !few {
			return false, err
		}
	case f.Field == "_id" && (f.Op == store.OpEq || f.Op == store.OpIn):
		return true, nil
	}
	return c.areAtMost(s.maxSorted, s, t, f)
}

// areAtMost reports whether at most so many documents match a condition.
func (c *conn) areAtMost(most int, s *Store, t *table, f store.Filter) (bool, error) {
	n, err := c.countUpTo(s, t, f, most+1)
	return n <= most, err
}

func (c *conn) anyFew(s *Store, t *table, filters []store.Filter) (bool, error) {
	for _, f := range filters {
		if few, err := c.isFew(s, t, f); err != nil || few {
			return few, err
		}
	}
	return false, nil
}

func (c *conn) allFew(s *Store, t *table, filters []store.Filter) (bool, error) {
	for _, f := range filters {
		if few, err := c.isFew(s, t, f); err != nil || !few {
			return false, err
		}
	}
	return true, nil
}

// countUpTo counts the documents that match a condition, up to the limit. For a substring it counts the candidates.
func (c *conn) countUpTo(s *Store, t *table, f store.Filter, limit int) (int, error) {
	b := &c.builder
	b.reset(s)
	b.write("SELECT count(*) FROM (")
	if f.Op == store.OpContains {
		b.candidates(t, f)
	} else {
		b.write("SELECT 1 FROM ", t.name, " WHERE ")
		b.filter(t, f, access{search: true})
	}
	b.write(" LIMIT (")
	b.arg(limit)
	b.write(" + 0))")
	n := 0
	err := c.run(func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	})
	return n, err
}
