package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"crm/db/store"
)

// read runs a read operation on a reader, as soon as one is free.
func (s *Store) read(ctx context.Context, c *store.Collection, run func(r *conn) error) error {
	if err := s.acquire(ctx, s.reading); err != nil {
		return err
	}
	defer func() { <-s.reading }()
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer s.putBack(r)
	r.watch(ctx)
	return fromSQLite(ctx, c, r.readAt(s.commits.Load(), run))
}

// acquire puts a token in the channel, as soon as there is room.
func (s *Store) acquire(ctx context.Context, tokens chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case tokens <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return errClosed()
	}
}

// reader returns the most recently used idle reader, whose caches are the warmest, or opens another one.
func (s *Store) reader(ctx context.Context) (*conn, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		r := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return r, nil
	}
	s.mu.Unlock()
	return openConn(ctx, s.path, readerPragmas)
}

func (s *Store) putBack(r *conn) {
	r.unwatch()
	r.builder.clear()
	s.mu.Lock()
	s.idle = append(s.idle, r)
	s.mu.Unlock()
}

// write runs a write operation, which is one statement, and logs its events, in one transaction.
func (s *Store) write(ctx context.Context, c *store.Collection, events []*store.Event, run func(w *conn) error) error {
	op := &operation{run: func(w *conn) (dirty bool, err error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		w.watch(ctx)
		return s.apply(w, events, run)
	}}
	return fromSQLite(ctx, c, s.submit(ctx, op))
}

// apply runs a statement of the writer's transaction and logs its events. If it fails, dirty says that it may have left part
// of that in the transaction.
func (s *Store) apply(w *conn, events []*store.Event, run func(w *conn) error) (dirty bool, err error) {
	if err := run(w); err != nil {
		return !undone(err), err
	}
	err = s.log(w, events)
	return err != nil, err
}

// transact runs writes in one transaction.
func (s *Store) transact(ctx context.Context, w *conn, run func() error) error {
	if err := s.begin(ctx, w, time.Now()); err != nil {
		return err
	}
	defer w.rollback()
	w.watch(ctx)
	if err := run(); err != nil {
		return err
	}
	return s.commit(w)
}

// begin takes the write lock: BEGIN IMMEDIATE does so at the start of the transaction, so what it reads is still true
// when it commits. If another process holds the lock, begin sets up a wait for it. The timeout counts from since,
// because operations in the queue wait at the same time.
func (s *Store) begin(ctx context.Context, w *conn, since time.Time) error {
	const begin = "BEGIN IMMEDIATE"
	err := w.exec(begin)
	if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
		return err
	}
	limited, cancel := context.WithDeadline(ctx, since.Add(s.lockTimeout))
	defer cancel()
	w.sqlite.SetBlockOnBusy() // unlike a timeout, that ends with the context
	defer w.sqlite.SetBusyTimeout(0)
	w.watch(limited)
	defer w.unwatch()
	return w.exec(begin)
}

// rollback ends a transaction that did not commit, including one that a panic or the end of its context left open.
func (c *conn) rollback() {
	if c.sqlite.AutocommitEnabled() {
		return
	}
	c.unwatch()
	_ = c.exec("ROLLBACK") // the error that led here is the one to report
}
