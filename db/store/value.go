package store

import (
	"fmt"
	"time"
)

// ValueAt returns the value that one of a document's pointers points to: an ID, string, time.Time, int, bool or nil.
func ValueAt(pointer any) any {
	value, ok := Dereference(pointer)
	if !ok {
		panic(fmt.Sprintf("a document has a field of type %T", pointer))
	}
	return value
}

// Dereference is ValueAt, but ok is false if the pointer has none of the types of a document's pointers.
func Dereference(pointer any) (value any, ok bool) {
	switch p := pointer.(type) {
	case *ID:
		return *p, true
	case *string:
		return *p, true
	case *time.Time:
		return *p, true
	case *int:
		return *p, true
	case *bool:
		return *p, true
	case **ID:
		return valueOrNil(*p), true
	case **string:
		return valueOrNil(*p), true
	case **time.Time:
		return valueOrNil(*p), true
	case **int:
		return valueOrNil(*p), true
	case **bool:
		return valueOrNil(*p), true
	}
	return nil, false
}

func valueOrNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// Source is one field as stored by an engine. Each method reads it as one type.
type Source interface {
	ID() (ID, error)
	Text() (string, error)
	Time() (time.Time, error)
	Int() (int, error)
	Bool() (bool, error)
	// IsNull is called before a nullable field is read.
	IsNull() bool
}

// Scan sets the field that one of a document's pointers points to; it is the inverse of Dereference. It is generic so
// that an engine needn't allocate a source for each field.
func Scan[S Source](pointer any, from S) (err error) {
	switch p := pointer.(type) {
	case *ID:
		*p, err = from.ID()
	case *string:
		*p, err = from.Text()
	case *time.Time:
		*p, err = from.Time()
	case *int:
		*p, err = from.Int()
	case *bool:
		*p, err = from.Bool()
	case **ID:
		return scanNullable(p, from, S.ID)
	case **string:
		return scanNullable(p, from, S.Text)
	case **time.Time:
		return scanNullable(p, from, S.Time)
	case **int:
		return scanNullable(p, from, S.Int)
	case **bool:
		return scanNullable(p, from, S.Bool)
	default:
		return fmt.Errorf("cannot read into a field of type %T", pointer)
	}
	return err
}

func scanNullable[S Source, T any](into **T, from S, read func(S) (T, error)) error {
	*into = nil
	if from.IsNull() {
		return nil
	}
	value, err := read(from)
	if err == nil {
		*into = &value
	}
	return err
}

// SetValue sets the field that one of a document's pointers points to; it is the inverse of ValueAt.
func SetValue(pointer, value any) error {
	if value == nil {
		switch pointer.(type) {
		case **ID, **string, **time.Time, **int, **bool:
			return Scan(pointer, given{})
		}
		return fmt.Errorf("cannot clear a field of type %T", pointer)
	}
	return Scan(pointer, given{value})
}

// given is a Source with a value that is known already.
type given struct{ value any }

func as[T any](value any) (T, error) {
	typed, ok := value.(T)
	if !ok {
		return typed, fmt.Errorf("cannot use a %T as a %T", value, typed)
	}
	return typed, nil
}

func (g given) ID() (ID, error)          { return as[ID](g.value) }
func (g given) Text() (string, error)    { return as[string](g.value) }
func (g given) Time() (time.Time, error) { return as[time.Time](g.value) }
func (g given) Int() (int, error)        { return as[int](g.value) }
func (g given) Bool() (bool, error)      { return as[bool](g.value) }
func (g given) IsNull() bool             { return g.value == nil }

// SameValue reports whether two values of a field are equal; times are equal if they are the same instant.
func SameValue(a, b any) bool {
	if at, ok := a.(time.Time); ok {
		bt, ok := b.(time.Time)
		return ok && at.Equal(bt)
	}
	return a == b
}
