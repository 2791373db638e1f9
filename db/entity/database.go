package entity

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"crm/db/store"
	"crm/db/textkey"
)

// Database is what all repositories share.
type Database struct {
	Store   store.Store
	Catalog *Catalog
	// CursorKeys sign the cursors of pages: the first one signs, and all of them verify. All servers on one store need
	// the same keys.
	CursorKeys [][]byte
	// Keys makes the keys that are stored beside texts.
	Keys *textkey.Keys
	// Numbers remembers the numbers of documents that are numbered.
	Numbers Numbers
	// Now returns the time, in UTC and to the millisecond.
	Now func() time.Time
	// Wake is called when events have been written, and must not block.
	Wake func()
	// Log is told of what went wrong after a write had succeeded.
	Log *slog.Logger
	// Trace returns the traceparent of what is done with a context, empty if that isn't traced; nil if nothing is.
	Trace func(ctx context.Context) string

	// silent suppresses mail about changes.
	silent       bool
	repositories map[*store.Collection]anyRepository
}

// Silent returns the same database, without its repositories, whose changes nobody is mailed about.
func (d *Database) Silent() *Database {
	silent := *d
	silent.silent, silent.repositories = true, nil
	return &silent
}

// Document is the constraint of the generic functions below: a pointer to T that is a store.Document.
type Document[T any] interface {
	*T
	store.Document
}

// Find reads the documents that a query selects, regardless of who may see them.
func Find[T any, P Document[T]](ctx context.Context, s store.Store, c *store.Collection, q store.Query) ([]*T, error) {
	var found []*T
	err := s.Find(ctx, c, q, func() store.Document {
		doc := P(new(T))
		found = append(found, (*T)(doc))
		return doc
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", c.Name, err)
	}
	return found, nil
}

// First reads the first document that a query selects; it is NOT_FOUND if there is none.
func First[T any, P Document[T]](ctx context.Context, s store.Store, c *store.Collection, q store.Query) (*T, error) {
	q.Limit = 1
	found, err := Find[T, P](ctx, s, c, q)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, store.Errorf(store.NotFound, "there is no such document in %s", c.Name)
	}
	return found[0], nil
}
