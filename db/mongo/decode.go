package mongo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// decode fills doc with a stored document. Fields that nobody declares are passed over; a declared one that is absent
// or null gets its default.
func (l *layout) decode(raw bson.Raw, doc store.Document) error {
	pointers := doc.Pointers(nil)
	if len(pointers) != len(l.Fields) {
		return fmt.Errorf("cannot decode %T: it has %d fields, %s has %d", doc, len(pointers), l.Name, len(l.Fields))
	}
	elements, err := raw.Elements()
	if err != nil {
		return fmt.Errorf("cannot decode document of %s: %w", l.Name, err)
	}
	filled := make([]bool, len(pointers))
	for _, element := range elements {
		i, ok := l.index[element.Key()]
		if !ok || isNull(element.Value()) {
			continue
		}
		if err := decodeValue(pointers[i], element.Value()); err != nil {
			return fmt.Errorf("cannot decode %s %s: field %s: %w", l.Name, raw.Lookup(idField), element.Key(), err)
		}
		filled[i] = true
	}
	for i, pointer := range pointers {
		if !filled[i] {
			reset(pointer, l.Fields[i].Default)
		}
	}
	return nil
}

// isNull says whether a value is null, or the zero value that a look-up of an absent field gives.
func isNull(value bson.RawValue) bool {
	return value.IsZero() || value.Type == bson.TypeNull || value.Type == bson.TypeUndefined
}

// decodeValue reads a value into what a pointer of db.Document.Pointers points to.
func decodeValue(pointer any, value bson.RawValue) (err error) {
	switch p := pointer.(type) {
	case *store.ID:
		*p, err = readID(value)
	case *string:
		*p, err = readString(value)
	case *time.Time:
		*p, err = readTime(value)
	case *int:
		*p, err = readInt(value)
	case *bool:
		*p, err = readBool(value)
	case **store.ID:
		*p, err = newOf(value, readID)
	case **string:
		*p, err = newOf(value, readString)
	case **time.Time:
		*p, err = newOf(value, readTime)
	case **int:
		*p, err = newOf(value, readInt)
	case **bool:
		*p, err = newOf(value, readBool)
	default:
		err = fmt.Errorf("there is no field of type %T", pointer)
	}
	return err
}

func newOf[T any](value bson.RawValue, read func(bson.RawValue) (T, error)) (*T, error) {
	v, err := read(value)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// reset gives a field its default, or its zero value where that is nil.
func reset(pointer, value any) {
	switch p := pointer.(type) {
	case *store.ID:
		*p = store.ID{}
	case *string:
		*p, _ = value.(string)
	case *time.Time:
		*p = time.Time{}
	case *int:
		*p, _ = value.(int)
	case *bool:
		*p, _ = value.(bool)
	case **store.ID:
		*p = nil
	case **string:
		*p = nil
	case **time.Time:
		*p = nil
	case **int:
		*p = nil
	case **bool:
		*p = nil
	}
}

func wrongType(value bson.RawValue, want string) error {
	return fmt.Errorf("it is of BSON type %s, not %s", value.Type, want)
}

func readID(value bson.RawValue) (store.ID, error) {
	if id, ok := value.ObjectIDOK(); ok {
		return store.ID(id), nil
	}
	if text, ok := value.StringValueOK(); ok {
		return store.ParseID(text)
	}
	return store.ID{}, wrongType(value, "objectID")
}

func readString(value bson.RawValue) (string, error) {
	if text, ok := value.StringValueOK(); ok {
		return text, nil
	}
	if n, ok := value.DoubleOK(); ok {
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	}
	if n, ok := value.AsInt64OK(); ok {
		return strconv.FormatInt(n, 10), nil
	}
	return "", wrongType(value, "string")
}

func readTime(value bson.RawValue) (time.Time, error) {
	if milliseconds, ok := value.DateTimeOK(); ok {
		return time.UnixMilli(milliseconds).UTC(), nil
	}
	if text, ok := value.StringValueOK(); ok {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}, errors.New("it is a string, but no RFC 3339 time")
		}
		return at.UTC().Truncate(time.Millisecond), nil
	}
	return time.Time{}, wrongType(value, "date")
}

func readInt(value bson.RawValue) (int, error) {
	if n, ok := value.DoubleOK(); ok {
		if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return 0, fmt.Errorf("%v is no integer", n)
		}
		return int(n), nil
	}
	if n, ok := value.AsInt64OK(); ok {
		return int(n), nil
	}
	return 0, wrongType(value, "long")
}

func readBool(value bson.RawValue) (bool, error) {
	if b, ok := value.BooleanOK(); ok {
		return b, nil
	}
	return false, wrongType(value, "bool")
}
