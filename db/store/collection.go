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
}

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
