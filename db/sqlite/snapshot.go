package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// A reader stays in its transaction, and so in its snapshot of the database, from one read to the next until something is
// committed. Beginning and ending a transaction takes locks on the WAL, which cost more than a small read itself: finding a
// document by its id took 31 µs with a transaction for each read, and takes 8. Only this process writes the file (see
// lock.go), so it knows when a snapshot is out of date.
//
// Nobody knows when during a commit readers begin to see it. So until it has ended, each read takes a new snapshot: otherwise
// one reader could show it already, and another one, asked later, the state before.

// readAt runs a read in a snapshot that was taken at this number of the Store's commits or later.
func (c *conn) readAt(commits uint64, run func(*conn) error) error {
	const underWay = 1 // the number is odd during a commit
	if c.commits != commits || commits&underWay != 0 {
		c.rollback()
	}
	if c.sqlite.AutocommitEnabled() {
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		c.commits = commits
	}
	err := run(c)
	if err != nil {
		c.rollback()
	}
	return err
}

// commit commits the writer's transaction.
func (s *Store) commit(w *conn) error {
	s.commits.Add(1)
	defer s.commits.Add(1) // also after an error, since the transaction may have been committed
	return w.exec("COMMIT")
}

var _ store.Snapshotter = (*Store)(nil)

// Snapshot implements store.Snapshotter with a transaction on a connection of its own. Until it ends, the WAL can't start anew,
// so it grows with everything that is written meanwhile.
func (s *Store) Snapshot(ctx context.Context, read func(ctx context.Context, f store.Finder, exact bool) error) error {
	if err := s.acquire(ctx, s.reading); err != nil { // Close waits for it
		return err
	}
	defer func() { <-s.reading }()
	reader, err := openConn(ctx, s.path, readerPragmas)
	if err != nil {
		return err
	}
	defer func() { _ = reader.close() }() // nothing was written
	if err := reader.exec("BEGIN"); err != nil {
		return fromSQLite(ctx, nil, err)
	}
	// The snapshot begins with the first read.
	if err := reader.exec("SELECT count(*) FROM sqlite_schema"); err != nil {
		return fromSQLite(ctx, nil, err)
	}
	return read(ctx, snapshot{s, reader}, true)
}

// snapshot reads in an open transaction.
type snapshot struct {
	store *Store
	conn  *conn
}

// Find implements store.Finder.
func (s snapshot) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	s.conn.watch(ctx)
	defer s.conn.unwatch()
	t := s.store.table(c)
	s.conn.builder.reset(s.store)
	s.conn.builder.find(t, "", q)
	return fromSQLite(ctx, c, s.conn.run(func(stmt *sqlite.Stmt) error { return s.conn.scan(stmt, t, q.Fields, next()) }))
}
