package store

// Type is the type of a stored field.
type Type int

// The types that every engine stores. Times are in UTC, with a precision of one millisecond.
const (
	TypeID Type = iota
	TypeString
	TypeTime
	TypeInt
	TypeBool
)

// Field declares one field of a collection.
type Field struct {
	// Name is the field's name in the database; the first field of a collection is "_id".
	Name string
	Type Type
	// Nullable fields have a pointer type in Go; null and absent are the same.
	Nullable bool
	// Default is the value read from a stored document that lacks the field: a string, int or bool. Nil is the zero
	// value.
	Default any
	// Fallback names the field of TypeTime that a document without this one takes its value from; "_id" stands for the
	// time in the document's id.
	Fallback string
	// Values are the only values that a field of TypeString or TypeInt may have; none means any. Any other value reads
	// as Default.
	Values []Allowed
	// LowCardinality fields, such as a status, have a few values that many documents share. Too many documents match
	// one value to sort them, so an index on the field helps only if it also gives the order.
	LowCardinality bool
}

// Key is one field of an index.
type Key struct {
	Field string
	Desc  bool
}

// Index declares an index; both engines build it under this name.
type Index struct {
	Name   string
	Keys   []Key
	Unique bool
	// Reports is the field that a violation of a unique index is reported for, if it isn't the indexed one.
	Reports string
}

// Collection declares what is stored under a name. All engines share the declaration.
type Collection struct {
	Name    string
	Fields  []Field
	Indexes []Index
	// Searched are the text fields that OpContains has an index for, which serves texts of at least MinSearch
	// characters.
	Searched []string
	// Shared collections are also written by other programs, which may store values of any type and leave out any field.
	Shared bool
	// Required are groups of fields. In a shared collection, a document that lacks a value for all fields of a group is
	// left out. An update of a missing document (an upsert) leaves such a document behind.
	Required [][]string
	// Derived are the fields whose values follow from those of others. Other programs don't keep them up to date.
	Derived []Derived
}

// Derived declares a text field that follows from another one.
type Derived struct {
	Field, From string
	// Kind says how it follows.
	Kind string
	// Of returns the field's value, given the stored one and the text that it follows from. It is nil if the value depends
	// on settings.
	Of func(stored, text string) string `json:"-"`
	// Unique fields have a unique index. If another document has the value already, or it is empty, the field is SecondKey
	// instead.
	Unique bool
}

// Derive returns the value of a derived field that depends on settings: a string, or nil for none.
type Derive func(d Derived, text string) any

// SecondKey is the value of a unique derived field in a document whose key another document has, or that has none.
func SecondKey(key string, id ID) string { return key + "\x00" + id.String() }

// UniqueKey is the value of a unique derived field in a document with that key, which is empty if it has none.
func UniqueKey(key string, id ID) string {
	if key == "" {
		return SecondKey(key, id)
	}
	return key
}

// NoKey matches documents that have no key in a unique derived field: the SecondKey there begins with a NUL, as no key does.
func NoKey(field string) Filter { return Compare(OpLt, field, "\x01") }

// MinSearch is the length in characters of the pieces that an engine indexes texts by.
const MinSearch = 3

// Field returns the declaration of the field of that name; ok is false if there is none.
func (c *Collection) Field(name string) (field Field, ok bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Fields selects fields of a collection: one bit for each, in their order. Zero selects all of them.
type Fields uint64

// Select selects the _id and these fields. It panics if there is no such field.
func (c *Collection) Select(names ...string) Fields {
	selected := Fields(1)
	for _, name := range names {
		selected |= 1 << c.FieldIndex(name)
	}
	return selected
}

// Has reports whether the i-th field of the collection is selected.
func (f Fields) Has(i int) bool { return f == 0 || f&(1<<i) != 0 }

// Document is a Go struct that is stored in a collection.
type Document interface {
	// Pointers appends a pointer to each field, in the order of the collection's Fields: *ID, *string, *time.Time,
	// *int or *bool, or for a nullable field a pointer to a pointer: **ID, **string, **time.Time, **int, **bool.
	Pointers(into []any) []any
}

// FieldIndex returns the index of the field of that name. It panics if there is none.
func (c *Collection) FieldIndex(name string) int {
	for i, f := range c.Fields {
		if f.Name == name {
			return i
		}
	}
	panic("collection " + c.Name + " has no field " + name)
}
