// Package store is the contract between the domain and the engines that keep its documents: what an engine offers (Store),
// what it is told of a collection, and the one error type that clients may see. It knows no entity.
package store

import "context"

// Store is what an engine offers: a handful of operations on documents, without any knowledge of what they mean.
// db/storetest holds the conformance suite that says, executably, what each of them has to do.
//
// Errors are *Error where they have a code: CONFLICT for a violated unique index, with the index's field as the
// problem's path; NOT_FOUND as said below; UNAVAILABLE when the database can't be reached. An operation that ends
// because its context did returns the context's error.
type Store interface {
	// Insert adds a document and its pending events in one atomic write. Inserting an _id that exists is a CONFLICT
	// on "_id".
	Insert(ctx context.Context, c *Collection, doc Document, events ...*Event) error
	// Update sets fields of the one document that has that id and matches where, and adds its pending events, in one
	// atomic write. It is NOT_FOUND when no document matches. Other fields, also such as no collection declares, stay.
	Update(ctx context.Context, c *Collection, id ID, where Filter, set []Assignment, events ...*Event) error
	// Delete removes the document that has that id and matches where. Its events are moved before its data is gone,
	// yet no operation sees the document any more, and its unique values are free, once Delete has returned. It is
	// NOT_FOUND when no document matches.
	Delete(ctx context.Context, c *Collection, id ID, where Filter, events ...*Event) error
	// Find reads documents in order. It calls next for each, and fills what next returns.
	Find(ctx context.Context, c *Collection, q Query, next func() Document) error
	// FindChildren reads the first q.Limit documents of each parent (those whose field parent, of TypeID, holds one of
	// parents), as Find would, in one call for all of them; the documents of one parent come in order, the parents
	// in any order. parents holds no id twice. A zero q.Limit means all.
	FindChildren(ctx context.Context, c *Collection, parent string, parents []ID, q Query, next func(parent ID) Document) error
	// Count counts the documents that match.
	Count(ctx context.Context, c *Collection, where Filter) (int, error)
	// CountBy counts the documents that match, for each of the ids in values that the field (of TypeID) holds. An id
	// without documents may be missing from the answer.
	CountBy(ctx context.Context, c *Collection, field string, values []ID, where Filter) (map[ID]int, error)
	// Claim sets fields of the first document that q selects (q.Limit is ignored) and fills doc with it as it is
	// afterwards. Of many callers at once, each gets another document. It is NOT_FOUND when there is none.
	Claim(ctx context.Context, c *Collection, q Query, set []Assignment, doc Document) error
	// MoveEvents moves at most limit pending events into Events, and returns how many it moved. Events of one document
	// keep their order. Each gets a Seq one higher than the highest there is, in the order in which they become visible.
	// It may be called by any number of processes at once and may be cut off at any point: an event is moved once.
	MoveEvents(ctx context.Context, limit int) (moved int, err error)
	// Purge removes at most limit documents that match and returns how many it removed. It writes no events.
	Purge(ctx context.Context, c *Collection, where Filter, limit int) (removed int, err error)
	// EnsureConstraints builds what must be there before anybody writes: the unique indexes that are missing.
	EnsureConstraints(ctx context.Context) error
	// EnsureIndexes builds all declared indexes that are missing, and those of the Searched fields. The store can be used
	// meanwhile. It may be cut off and called again.
	EnsureIndexes(ctx context.Context) error
	// MissingIndexes returns the names of those that EnsureIndexes would build.
	MissingIndexes(ctx context.Context) ([]string, error)
	// Ping returns nil when the database answers, else an UNAVAILABLE error.
	Ping(ctx context.Context) error
	// Close ends all work and releases what the store holds.
	Close() error
}

// Versioned is a Store that can tell at next to no cost whether anything was written, by whatever process. What a
// reference leads to, as a ticket's customer, is then remembered until something is.
type Versioned interface {
	// Version returns a value that every change of the database changes, from the moment on at which reads see the change;
	// ok is false where that can't be told.
	Version() (version Version, ok bool)
}

// Version is a state that a database was in.
type Version [6]uint64

// Assignment gives a field a value: an ID, string, time.Time, int or bool, or nil to clear a nullable field.
type Assignment struct {
	Field string
	Value any
}

// Sort is one key of an order. Fields that are sorted by are never null.
type Sort struct {
	Field string
	Desc  bool
}

// Query says which documents, in which order, from where on, and how many.
type Query struct {
	Where Filter
	// Sort ends with "_id" unless it is empty, which makes the order total.
	Sort []Sort
	// After holds one value for each key of Sort: reading starts behind the document that has these values.
	After []any
	// Limit is the number of documents at most; 0 is no limit.
	Limit int
	// Fields are those that are read; what the others hold afterwards is undefined.
	Fields Fields
}
