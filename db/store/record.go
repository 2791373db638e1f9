package store

import (
	"context"
	"time"
)

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

// RecordsPerPage is how many documents EachPage reads at a time.
const RecordsPerPage = 500

// EachPage calls do with all documents of a collection, or with these fields of them, some at a time and in the order of their ids.
func EachPage(ctx context.Context, f Finder, c *Collection, fields Fields, do func(page []*Record) error) error {
	for after := []any(nil); ; {
		var page []*Record
		q := Query{Sort: []Sort{{Field: "_id"}}, After: after, Limit: RecordsPerPage, Fields: fields}
		err := f.Find(ctx, c, q, func() Document {
			page = append(page, NewRecord(c))
			return page[len(page)-1]
		})
		if err != nil {
			return err
		}
		if err := do(page); err != nil || len(page) < RecordsPerPage {
			return err
		}
		after = []any{page[len(page)-1].Value(0)}
	}
}
