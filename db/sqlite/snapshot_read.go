package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

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
