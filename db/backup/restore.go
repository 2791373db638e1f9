package backup

import (
	"context"
	"fmt"
	"io"

	"crm/db/store"
	"crm/files"
)

// batch is how many documents are written at a time.
const batch = 500

// Restore writes the documents of a backup into a store, which must have none of them, and its files into theirs. It returns how many
// documents there are.
func Restore(
	ctx context.Context, in io.Reader, s store.Store, collections []*store.Collection, into files.Store, progress func(documents int),
) (int, error) {
	r := restoring{ctx: ctx, store: s, progress: progress}
	_, err := Read(in, collections, r.add, func(key string, size int64, content io.Reader) error {
		return into.Put(ctx, key, size, content)
	})
	if err == nil {
		err = r.flush()
	}
	return r.done, err
}

type restoring struct {
	ctx      context.Context //nolint:containedctx // of one call of Restore, which a callback needs
	store    store.Store
	progress func(documents int)

	collection *store.Collection
	waiting    []store.Document
	done       int
}

// add writes a document, together with the next ones.
func (r *restoring) add(c *store.Collection, doc store.Document) error {
	if c != r.collection || len(r.waiting) == batch {
		if err := r.flush(); err != nil {
			return err
		}
	}
	r.collection, r.waiting = c, append(r.waiting, doc)
	return nil
}

func (r *restoring) flush() error {
	if len(r.waiting) == 0 {
		return nil
	}
	err := store.Load(r.ctx, r.store, r.collection, r.waiting)
	if err != nil {
		return fmt.Errorf("cannot restore %s: %w", r.collection.Name, err)
	}
	r.done += len(r.waiting)
	r.waiting = r.waiting[:0]
	r.progress(r.done)
	return nil
}
