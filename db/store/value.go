package store

import (
	"fmt"
	"time"
)

// ValueAt returns the value that one of a document's pointers points to: an ID, string, time.Time, int, bool or nil.
func ValueAt(pointer any) any {
	switch p := pointer.(type) {
	case *ID:
		return *p
	case *string:
		return *p
	case *time.Time:
		return *p
	case *int:
		return *p
	case *bool:
		return *p
	case **ID:
		return valueOrNil(*p)
	case **string:
		return valueOrNil(*p)
	case **time.Time:
		return valueOrNil(*p)
	case **int:
		return valueOrNil(*p)
	case **bool:
		return valueOrNil(*p)
	}
	panic(fmt.Sprintf("a document has a field of type %T", pointer))
}

func valueOrNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// SameValue reports whether two values of a field are the same; times are when they are the same moment.
func SameValue(a, b any) bool {
	if at, ok := a.(time.Time); ok {
		bt, ok := b.(time.Time)
		return ok && at.Equal(bt)
	}
	return a == b
}
