package store

import "time"

// Record is a Document with the declared fields of a collection, for those who don't know its Go type.
type Record struct {
	Collection *Collection
	pointers   []any
}

// NewRecord returns a record with zero values.
func NewRecord(c *Collection) *Record {
	r := &Record{Collection: c, pointers: make([]any, len(c.Fields))}
	for i, f := range c.Fields {
		switch f.Type {
		case TypeID:
			r.pointers[i] = pointerTo[ID](f)
		case TypeString:
			r.pointers[i] = pointerTo[string](f)
		case TypeTime:
			r.pointers[i] = pointerTo[time.Time](f)
		case TypeInt:
			r.pointers[i] = pointerTo[int](f)
		case TypeBool:
			r.pointers[i] = pointerTo[bool](f)
		}
	}
	return r
}

// pointerTo returns a pointer to a field of type T, or to a nullable one.
func pointerTo[T any](f Field) any {
	if f.Nullable {
		return new(*T)
	}
	return new(T)
}

// Pointers implements Document.
func (r *Record) Pointers(into []any) []any { return append(into, r.pointers...) }

// Value returns the value of the i-th field: an ID, string, time.Time, int, bool or nil.
func (r *Record) Value(i int) any { return ValueAt(r.pointers[i]) }

// Set sets the i-th field; nil clears a nullable one.
func (r *Record) Set(i int, value any) error { return SetValue(r.pointers[i], value) }
