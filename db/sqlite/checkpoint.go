package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// The WAL is copied into the file when it has checkpointPages pages, and again every retryPages if readers were in the way.
// Under load, a few pages change again and again, and a checkpoint copies each of them once. So it waits for four times as many
// pages as SQLite does by default.
const (
	checkpointPages = 4000
	retryPages      = 1000
)

// readersPause is how long a checkpoint waits for running reads while it holds up new ones.
const readersPause = 5 * time.Millisecond

// passive copies as much of the WAL as nobody is in the way of, and never waits.
const passive = "PRAGMA wal_checkpoint(PASSIVE)"

// checkpoint begins to copy the WAL into the file if it is time to. The writer is held.
func (s *Store) checkpoint(w *conn) {
	if s.checkpointing || w.walPages() < s.checkpointAt {
		return
	}
	s.checkpointing = true
	s.background.Go(s.copyWAL)
}

// copyWAL copies the WAL into the file, so that a transaction starts it anew. It copies most while others read and write. The rest
// it copies without them, since a snapshot that anybody reads keeps the WAL from being reused, and under load somebody always
// does.
//
// An error leaves the WAL as it is, which loses nothing; the next checkpoint tries again.
func (s *Store) copyWAL() {
	if copier, err := openConn(context.Background(), s.path, nil); err == nil {
		s.endSnapshots()
		_ = copier.exec(passive)
		_ = copier.close()
	}
	select {
	case s.writing <- struct{}{}:
	case <-s.closed:
		return
	}
	defer func() { <-s.writing }()
	s.checkpointing = false
	s.checkpointAt = s.writer.walPages() + retryPages
	s.withoutReaders(func() {
		s.endSnapshots()
		_ = s.writer.exec(passive)
		s.checkpointAt = checkpointPages
	})
}

// endSnapshots ends the snapshots of the readers that nobody uses.
func (s *Store) endSnapshots() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.idle {
		r.rollback()
	}
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

// withoutReaders calls do while nobody reads, unless running reads take too long.
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
	do()
}
