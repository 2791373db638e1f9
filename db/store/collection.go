package store

// Type is the type of a stored field.
type Type int

// The types that every engine stores. Times have the precision of a millisecond and are UTC.
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
	// Default is what a stored document that lacks the field is read as: a string, int or bool. Nil is the zero value.
	Default any
	// LowCardinality fields have a few values that many documents share, as a status. What has such a value is too much
	// to be sorted: an index helps to find it only if it gives the order, too.
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
	// Reports is the field that a violation of a unique index is reported for, where it is not the indexed one.
	Reports string
}

// Collection declares what is stored under a name. It stands once for every engine.
type Collection struct {
	Name    string
	Fields  []Field
	Indexes []Index
	// Searched are the text fields that OpContains has an index for, which serves texts from MinSearch characters on.
	Searched []string
}

// MinSearch is the length of the pieces, in characters, by which an engine finds a text within others.
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

// Fields is a choice of a collection's fields, a bit for each in their order. Zero is all of them.
type Fields uint64

// Select returns the choice of the _id and these fields; the names are ones of ours.
func (c *Collection) Select(names ...string) Fields {
	chosen := Fields(1)
	for _, name := range names {
		chosen |= 1 << c.FieldIndex(name)
	}
	return chosen
}

// Has reports whether the i-th field of the collection is chosen.
func (f Fields) Has(i int) bool { return f == 0 || f&(1<<i) != 0 }

// Document is a Go struct that is stored in a collection.
type Document interface {
	// Pointers appends a pointer to each field, in the order of the collection's Fields: *ID, *string, *time.Time,
	// *int or *bool, or for a nullable field a pointer to a pointer: **ID, **string, **time.Time, **int, **bool.
	Pointers(into []any) []any
}

// FieldIndex returns the place of the field of that name; the name is one of ours.
func (c *Collection) FieldIndex(name string) int {
	for i, f := range c.Fields {
		if f.Name == name {
			return i
		}
	}
	panic("collection " + c.Name + " has no field " + name)
}
