package sqlite

import (
	"time"

	"zombiezen.com/go/sqlite"
)

// The WAL is copied into the file when it has checkpointPages pages, as is SQLite's default, and again every retryPages if
// readers were in the way.
const (
	checkpointPages = 1000
	retryPages      = 200
)

// readersPause is how long a checkpoint waits for running reads while it holds up new ones.
const readersPause = 5 * time.Millisecond

// checkpoint copies the WAL into the file if it is time to, so that the next transaction starts the WAL anew. The writer is
// held, but nobody waits for this write any more. It copies most while others read. The rest it copies without readers, since
// a snapshot that anybody reads keeps the WAL from being reused, and under load somebody always does.
//
// An error leaves the WAL as it is, which loses nothing; the next checkpoint tries again.
func (s *Store) checkpoint(w *conn) {
	pages := w.walPages()
	if pages < s.checkpointAt {
		return
	}
	const passive = "PRAGMA wal_checkpoint(PASSIVE)" // never waits
	_ = w.exec(passive)
	s.checkpointAt = pages + retryPages
	s.withoutReaders(func() {
		_ = w.exec(passive)
		s.checkpointAt = checkpointPages
	})
}

// walPages returns how many pages the WAL has, zero if that can't be told.
func (c *conn) walPages() int {
	pages := 0
	c.builder.reset(nil)
	c.builder.write("PRAGMA wal_checkpoint(NOOP)")
	err := c.run(func(stmt *sqlite.Stmt) error {
		pages = stmt.ColumnInt(1)
		return nil
	})
	if err != nil {
		return 0
	}
	return pages
}

// withoutReaders calls do while nobody reads and no snapshot is held, unless running reads take too long.
func (s *Store) withoutReaders(do func()) {
	timeout := time.NewTimer(readersPause)
	defer timeout.Stop()
	held := 0
	defer func() {
		for range held {
			<-s.reading
		}
	}()
	for held < cap(s.reading) {
		select {
		case s.reading <- struct{}{}:
			held++
		case <-timeout.C:
			return
		case <-s.closed:
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.idle {
		r.rollback()
	}
	do()
}
