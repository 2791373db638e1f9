package store

import "context"

// Adapter is a Store on a database that other programs write to as well. What they store in shared collections may lack
// fields, have values of other types, or be unreadable.
type Adapter interface {
	// Adapt makes the documents of a shared collection that match usable, without changing a value that another program
	// stored: it adds missing fields, and keeps typed values beside those of other types, so that filters and orders find
	// them. Documents that can't be read are left out of all results. It may be interrupted and called again, and writes
	// nothing to documents that are fine. The unique indexes must exist.
	Adapt(ctx context.Context, c *Collection, where Filter, derive Derive) ([]Finding, error)
	// Rederive brings derived fields of the documents that match up to date, after another program has changed what they
	// follow from. It reads each of these documents, and reports those that have a SecondKey.
	Rederive(ctx context.Context, c *Collection, where Filter, derive Derive) ([]Finding, error)
	// HasField reports whether a document of the collection has a field, which need not be declared.
	HasField(ctx context.Context, c *Collection, field string) (bool, error)
	// Elsewhere returns the names of the other databases of the same server in which a document of the collection has a
	// field, which need not be declared. Databases that may not be read are left out.
	Elsewhere(ctx context.Context, c *Collection, field string) ([]string, error)
}

// Finding is what a person should know about a document that another program wrote.
type Finding struct {
	Collection string
	// ID is the document's id as text.
	ID string
	// Problem says what is wrong with it.
	Problem string
	Kind    FindingKind
	// Other is the id of the document that has the unique value of this one; empty if there is none.
	Other string
	// Known findings are those of a former call.
	Known bool
}

// FindingKind is the kind of a Finding.
type FindingKind int

// The kinds.
const (
	// Unreadable documents are left out: no operation finds them.
	Unreadable FindingKind = iota
	// UnknownValue means that another value replaces a stored one that the field may not have.
	UnknownValue
	// SecondDocument means that another document has the unique value of this one.
	SecondDocument
)
