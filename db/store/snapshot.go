package store

import "context"

// Finder is the part of Store that reads documents.
type Finder interface {
	Find(ctx context.Context, c *Collection, q Query, next func() Document) error
}

// Snapshotter is a Store that can read its database as it is at one moment, however long that takes.
type Snapshotter interface {
	// Snapshot calls read with a Finder that sees one state of the database while others write, and the context to use it
	// with. exact is false if this database can't do that: then each call sees the state of its own time.
	Snapshot(ctx context.Context, read func(ctx context.Context, f Finder, exact bool) error) error
}
