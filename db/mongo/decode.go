package mongo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// decode fills doc with a stored document. Undeclared fields are ignored; a declared field that is absent or null gets
// its default.
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
		if err := store.Scan(pointers[i], stored{element.Value()}); err != nil {
			return fmt.Errorf("cannot decode %s %s: field %s: %w", l.Name, raw.Lookup(idField), element.Key(), err)
		}
		filled[i] = true
		if l.Fields[i].Values != nil {
			l.Fields[i].Correct(pointers[i])
		}
	}
	for i, pointer := range pointers {
		if filled[i] {
			continue
		}
		if err := store.Scan(pointer, absent{l.missing(raw, l.Fields[i])}); err != nil {
			return fmt.Errorf("cannot decode %s: field %s: %w", l.Name, l.Fields[i].Name, err)
		}
	}
	return nil
}

// isNull reports whether a value is null, or the zero value from the lookup of an absent field.
func isNull(value bson.RawValue) bool {
	return value.IsZero() || value.Type == bson.TypeNull || value.Type == bson.TypeUndefined
}

// stored is the store.Source of a value in a document.
type stored struct{ bson.RawValue }

// ID implements store.Source.
func (v stored) ID() (store.ID, error) { return readID(v.RawValue) }

// Text implements store.Source.
func (v stored) Text() (string, error) { return readString(v.RawValue) }

// Time implements store.Source.
func (v stored) Time() (time.Time, error) { return readTime(v.RawValue) }

// Int implements store.Source.
func (v stored) Int() (int, error) { return readInt(v.RawValue) }

// Bool implements store.Source.
func (v stored) Bool() (bool, error) { return readBool(v.RawValue) }

// IsNull implements store.Source.
func (v stored) IsNull() bool { return isNull(v.RawValue) }

// absent is the store.Source of a missing field: its default, or the zero value if that is nil.
type absent struct{ fallback any }

// ID implements store.Source.
func (a absent) ID() (store.ID, error) { return store.ID{}, nil }

// Text implements store.Source.
func (a absent) Text() (string, error) { return fallbackOf[string](a), nil }

// Time implements store.Source.
func (a absent) Time() (time.Time, error) { return fallbackOf[time.Time](a), nil }

// Int implements store.Source.
func (a absent) Int() (int, error) { return fallbackOf[int](a), nil }

// Bool implements store.Source.
func (a absent) Bool() (bool, error) { return fallbackOf[bool](a), nil }

// IsNull implements store.Source.
func (a absent) IsNull() bool { return true }

func fallbackOf[T any](a absent) T {
	value, _ := a.fallback.(T)
	return value
}

func wrongType(value bson.RawValue, want string) error {
	return fmt.Errorf("it has BSON type %s, not %s", value.Type, want)
}

func readID(value bson.RawValue) (store.ID, error) {
	if id, ok := value.ObjectIDOK(); ok {
		return store.ID(id), nil
	}
	if text, ok := value.StringValueOK(); ok {
		return store.ParseID(strings.TrimSpace(text))
	}
	return store.ID{}, wrongType(value, "objectID")
}

func readString(value bson.RawValue) (string, error) {
	switch value.Type {
	case bson.TypeString:
		return value.StringValue(), nil
	case bson.TypeSymbol:
		return value.Symbol(), nil
	case bson.TypeDouble:
		return strconv.FormatFloat(value.Double(), 'f', -1, 64), nil
	case bson.TypeInt32, bson.TypeInt64:
		return strconv.FormatInt(value.AsInt64(), 10), nil
	case bson.TypeDecimal128:
		return value.Decimal128().String(), nil
	case bson.TypeBoolean:
		return strconv.FormatBool(value.Boolean()), nil
	case bson.TypeObjectID:
		return value.ObjectID().Hex(), nil
	case bson.TypeDateTime:
		return value.Time().UTC().Format(time.RFC3339), nil
	}
	return "", wrongType(value, "string")
}

func readInt(value bson.RawValue) (int, error) {
	if text, ok := value.StringValueOK(); ok {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0, errors.New("it is a string, but not an integer")
		}
		return n, nil
	}
	if n, ok := value.DoubleOK(); ok {
		if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return 0, fmt.Errorf("%v is not an integer", n)
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
	if text, ok := value.StringValueOK(); ok {
		b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return false, errors.New("it is a string, but neither true nor false")
		}
		return b, nil
	}
	return false, wrongType(value, "bool")
}
