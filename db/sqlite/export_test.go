package sqlite

import (
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"
)

// TakeStatements returns the texts of the statements that readers have prepared since the last call.
func (s *Store) TakeStatements() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	texts := make(map[string]bool)
	for _, r := range s.idle {
		for text, p := range r.prepared {
			texts[text] = true
			_ = p.stmt.Finalize() // repeats the error of the statement's last run
		}
		clear(r.prepared)
	}
	return slices.Sorted(maps.Keys(texts))
}

// Explain returns the steps of a statement's plan.
func (s *Store) Explain(statement string) (steps []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle[0].unwatch() // the request that it watches has ended
	stmt, _, err := s.idle[0].sqlite.PrepareTransient("EXPLAIN QUERY PLAN " + statement)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Finalize() }()
	err = each(stmt, func(stmt *sqlite.Stmt) error {
		steps = append(steps, stmt.ColumnText(3))
		return nil
	})
	return steps, err
}

// MaxNulls is maxNulls.
const MaxNulls = maxNulls

// SetMaxSorted sets how many documents a list may sort.
func (s *Store) SetMaxSorted(n int) { s.maxSorted = n }
