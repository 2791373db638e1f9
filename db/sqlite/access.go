package sqlite

import (
	"context"
	"errors"

	"crm/db"
)

// read runs a reading operation on a reader, once one is free.
func (s *Store) read(ctx context.Context, c *db.Collection, run func(r *conn) error) error {
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
	return fromSQLite(ctx, c, run(r))
}

// acquire takes one of the tokens that the channel has room for.
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
		return unavailable(errors.New("the store is closed"))
	}
}

// reader returns the reader that was used last, whose caches are the warmest, or opens another one.
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
	r.builder.clear()
	s.mu.Lock()
	s.idle = append(s.idle, r)
	s.mu.Unlock()
}

// write runs a writing operation on the writer, once it is free, in one transaction with its events.
func (s *Store) write(ctx context.Context, c *db.Collection, events []*db.Event, run func(w *conn) error) error {
	if err := s.acquire(ctx, s.writing); err != nil {
		return err
	}
	defer func() { <-s.writing }()
	w := s.writer
	defer w.builder.clear()
	return fromSQLite(ctx, c, s.transact(ctx, w, func() error {
		if err := run(w); err != nil {
			return err
		}
		return s.log(w, events)
	}))
}

// transact runs what writes in one transaction, which happens as a whole or not at all.
func (s *Store) transact(ctx context.Context, w *conn, run func() error) error {
	if err := s.begin(ctx, w); err != nil {
		return err
	}
	defer w.rollback()
	w.watch(ctx)
	if err := run(); err != nil {
		return err
	}
	return w.exec("COMMIT")
}

// begin takes the write lock, for which it waits as long as the store is patient: BEGIN IMMEDIATE takes it at the
// start of the transaction, so that what is read in it is still so when it commits.
func (s *Store) begin(ctx context.Context, w *conn) error {
	limited, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	w.watch(limited)
	return w.exec("BEGIN IMMEDIATE")
}

// rollback ends a transaction that did not commit, also one that a panic or the end of its context left open.
func (c *conn) rollback() {
	if c.sqlite.AutocommitEnabled() {
		return
	}
	c.unwatch()
	_ = c.exec("ROLLBACK") // the error that led here is the one to report
}
