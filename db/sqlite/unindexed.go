package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// New documents enter the full-text index in batches: each statement that writes to the index adds a segment to it, however
// small, and segments are merged again and again. Creating a ticket takes a quarter less processor time than if each is
// indexed at once. Batches, and the steps of merging, are operations of their own that let others go first; a search takes 20 µs
// more with 63 documents to index.

// A batch is due when new documents weigh maxUnindexed: 1 each, and 1 for each textWeight bytes to search. A search compares
// the texts of all of them.
const (
	maxUnindexed = 64
	textWeight   = 1 << 10
)

// mergeStep is how many pages of a full-text index one step of merging writes.
const mergeStep = 32

// weight returns what a new document weighs.
func (t *table) weight(pointers []any) int {
	if len(t.texts) == 0 {
		return 0
	}
	size := 0
	for _, i := range t.texts {
		switch text := pointers[i].(type) {
		case *string:
			size += len(*text)
		case **string:
			if *text != nil {
				size += len(**text)
			}
		}
	}
	return 1 + size/textWeight
}

// indexSoon begins to index new documents if a batch is due. The writer is held.
func (s *Store) indexSoon() {
	if s.indexing {
		return
	}
	for _, c := range s.collections {
		if t := s.table(c); t.unindexed >= maxUnindexed {
			s.indexing = true
			s.background.Go(func() { s.indexInBackground(t) })
			return
		}
	}
}

// indexInBackground adds a table's new documents to its full-text index and merges its segments.
//
// An error leaves the documents above the mark, where searches find them, too. The next batch tries again.
func (s *Store) indexInBackground(t *table) {
	step := func(run func(w *conn) error) bool {
		return s.yield(context.Background()) == nil && s.inBackground(run) == nil
	}
	merging := step(func(w *conn) error {
		s.indexing, t.unindexed = false, 0
		if !t.searchable.Load() {
			return nil // building the index takes them in
		}
		return w.indexNew(t)
	})
	for merging {
		var more bool
		done := step(func(w *conn) (err error) {
			more, err = w.merge(t)
			more = more && !s.indexing // the next batch goes on
			return err
		})
		merging = done && more
	}
}

// inBackground runs a write whose error harms nobody.
func (s *Store) inBackground(run func(w *conn) error) error {
	return s.submit(context.Background(), &operation{run: func(w *conn) (dirty bool, err error) {
		guarded := operation{run: func(w *conn) (bool, error) { return true, run(w) }}
		if guarded.perform(w); guarded.err != nil {
			return true, errors.New(guarded.err.Error()) // not a panic for submit, which would end the process
		}
		return false, nil
	}})
}

// indexNew adds a table's new documents to its full-text index.
func (c *conn) indexNew(t *table) error {
	err := c.exec(fmt.Sprintf("INSERT INTO %s(rowid, %s) SELECT rowid, %s FROM %s WHERE rowid > %s ORDER BY rowid",
		t.search, t.searched(""), t.searched(""), t.name, t.highestIndexed()))
	if err != nil {
		return err
	}
	return c.exec(fmt.Sprintf("UPDATE %s SET highest = %s WHERE highest < %s", t.mark, t.highest(), t.highest()))
}

// merge merges some segments of a table's full-text index; more says that there may be more to merge.
func (c *conn) merge(t *table) (more bool, err error) {
	before, err := c.totalChanges()
	if err != nil {
		return false, err
	}
	if err := c.exec(fmt.Sprintf("INSERT INTO %s(%s, rank) VALUES ('merge', %d)", t.search, t.search, mergeStep)); err != nil {
		return false, err
	}
	after, err := c.totalChanges()
	return after-before > 1, err // the statement itself is one
}

func (c *conn) totalChanges() (n int, err error) {
	c.builder.reset(nil)
	c.builder.write("SELECT total_changes()")
	err = c.run(func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	})
	return n, err
}
