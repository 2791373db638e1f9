// Package store is the contract between the domain and the engines that store its documents: what an engine implements
// (Store), how a collection is declared, and the only error type that clients may see. It knows no entity.
package store

import "context"

// Store is what an engine implements: a handful of operations on documents, whatever they mean. The conformance suite
// in db/storetest specifies each of them.
//
// Errors with a code are *Error: CONFLICT for a violated unique index, with the index's field as the problem's path;
// NOT_FOUND as described below; UNAVAILABLE when the database can't be reached. An operation that ends because its
// context did returns the context's error.
type Store interface {
	// Insert adds a document and its pending events in one atomic write. Inserting an _id that exists is a CONFLICT
	// on "_id".
	Insert(ctx context.Context, c *Collection, doc Document, events ...*Event) error
	// Update sets fields of the one document that has that id and matches where, and adds its pending events, in one
	// atomic write. It is NOT_FOUND when no document matches. Other fields stay, even undeclared ones.
	Update(ctx context.Context, c *Collection, id ID, where Filter, set []Assignment, events ...*Event) error
	// Delete removes the document that has that id and matches where. Once Delete has returned, no operation sees the
	// document any more and its unique values are free, although its data goes only after its events have been moved.
	// It is NOT_FOUND when no document matches.
	Delete(ctx context.Context, c *Collection, id ID, where Filter, events ...*Event) error
	// Find reads documents in order. It calls next for each, and fills what next returns.
	Find(ctx context.Context, c *Collection, q Query, next func() Document) error
	// FindChildren reads, in one call, the first q.Limit documents of each parent (documents whose field parent, of
	// TypeID, holds one of parents), as Find would. The documents of one parent are in order; the parents are in any
	// order. parents must be distinct. A zero q.Limit means all.
	FindChildren(ctx context.Context, c *Collection, parent string, parents []ID, q Query, next func(parent ID) Document) error
	// Count counts the documents that match.
	Count(ctx context.Context, c *Collection, where Filter) (int, error)
	// CountBy counts, for each of the ids in values, the documents that match and whose field (of TypeID) holds that
	// id. An id without documents may be missing from the result.
	CountBy(ctx context.Context, c *Collection, field string, values []ID, where Filter) (map[ID]int, error)
	// Claim sets fields of the first document that q selects (q.Limit is ignored) and fills doc with the updated
	// document. Concurrent callers each get a different document. It is NOT_FOUND when there is none.
	Claim(ctx context.Context, c *Collection, q Query, set []Assignment, doc Document) error
	// MoveEvents moves at most limit pending events into Events, and returns how many it moved. Events of one document
	// keep their order. Each gets the highest Seq in the log plus one, in the order in which they become visible. Any
	// number of processes may call it at once, and it may be interrupted at any point: an event is moved exactly once.
	MoveEvents(ctx context.Context, limit int) (moved int, err error)
	// Purge removes at most limit documents that match and returns how many it removed. It writes no events.
	Purge(ctx context.Context, c *Collection, where Filter, limit int) (removed int, err error)
	// EnsureConstraints builds what must exist before the first write: the missing unique indexes.
	EnsureConstraints(ctx context.Context) error
	// EnsureIndexes builds all missing indexes: the declared ones and those of the Searched fields. The store can be
	// used meanwhile. It may be interrupted and called again.
	EnsureIndexes(ctx context.Context) error
	// MissingIndexes returns the names of the indexes that EnsureIndexes would build.
	MissingIndexes(ctx context.Context) ([]string, error)
	// Ping returns nil when the database answers, else an UNAVAILABLE error.
	Ping(ctx context.Context) error
	// Close ends all operations and releases the store's resources.
	Close() error
}

// Assignment gives a field a value: an ID, string, time.Time, int or bool, or nil to clear a nullable field.
type Assignment struct {
	Field string
	Value any
}

// Sort is one key of an order. Sort fields are never null.
type Sort struct {
	Field string
	Desc  bool
}

// Query selects documents, their order, where to start and how many to read.
type Query struct {
	Where Filter
	// Sort ends with "_id", which makes the order total, unless it is empty.
	Sort []Sort
	// After holds one value for each key of Sort: reading starts after the document that has these values.
	After []any
	// Limit is the maximum number of documents; 0 means no limit.
	Limit int
	// Fields are the fields to read; the others hold undefined values afterwards.
	Fields Fields
}
