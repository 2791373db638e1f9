package sqlite

import (
	"context"
	"time"

	"crm/db/store"
)

var _ store.Batcher = (*Store)(nil)

// A batch has no client that waits for it. It lets writes go first until there has been none for idleTime, but waits no longer
// than yieldTime, so that the follow-up of a burst of writes goes on slowly during the burst.
const (
	idleTime  = 5 * time.Millisecond
	yieldTime = 100 * time.Millisecond
)

// Batch implements store.Batcher: the writes are one operation, which shares a transaction and its sync with others.
func (s *Store) Batch(ctx context.Context, writes func(w store.Writer) error) error {
	if err := s.yield(ctx); err != nil {
		return err
	}
	op := &operation{run: func(w *conn) (dirty bool, err error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		w.watch(ctx)
		b := &batchWriter{store: s, conn: w}
		if err = writes(b); err == nil {
			err = b.err
		}
		return err != nil, err
	}}
	return fromSQLite(ctx, nil, s.submit(ctx, op))
}

// yield lets writes go first.
func (s *Store) yield(ctx context.Context) error {
	ticker := time.NewTicker(idleTime)
	defer ticker.Stop()
	for range yieldTime / idleTime {
		before := s.commits.Load()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return errClosed()
		}
		if len(s.writing) == 0 && s.commits.Load() == before {
			break
		}
	}
	return nil
}

// batchWriter makes the writes of a batch in the writer's transaction.
type batchWriter struct {
	store *Store
	conn  *conn
	// err is the first error that may have left part of a write in the transaction.
	err error
}

func (b *batchWriter) write(ctx context.Context, c *store.Collection, events []*store.Event, run func(w *conn) error) error {
	dirty, err := b.store.apply(b.conn, events, run)
	err = fromSQLite(ctx, c, err)
	if dirty && b.err == nil {
		b.err = err
	}
	return err
}

// Insert implements store.Writer.
func (b *batchWriter) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	return b.write(ctx, c, events, func(w *conn) error { return b.store.insert(w, c, doc) })
}

// Update implements store.Writer.
func (b *batchWriter) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	return b.write(ctx, c, events, func(w *conn) error { return b.store.update(w, c, id, where, set) })
}

// Delete implements store.Writer.
func (b *batchWriter) Delete(ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event) error {
	return b.write(ctx, c, events, func(w *conn) error { return b.store.remove(w, c, id, where) })
}
