package mongo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"crm/db/store"
)

// walk calls visit with the index and the value of each declared field of a document, in the order of the document.
func (l *layout) walk(raw bson.Raw, visit func(field int, value bson.RawValue) error) error {
	length, rest, ok := bsoncore.ReadLength(raw)
	if !ok || int(length) != len(raw) {
		return fmt.Errorf("cannot decode document of %s: it has %d bytes, not %d", l.Name, len(raw), length)
	}
	for len(rest) > 1 {
		var element bsoncore.Element
		if element, rest, ok = bsoncore.ReadElement(rest); !ok {
			return fmt.Errorf("cannot decode document of %s: an element is cut off", l.Name)
		}
		if i, declared := l.index[string(element.KeyBytes())]; declared {
			if err := visit(i, bson.RawElement(element).Value()); err != nil {
				return err
			}
		}
	}
	return nil
}

// decoder decodes the documents of one read.
type decoder struct {
	*layout
	// fields are those to fill.
	fields store.Fields
	// pointers are those of the last document, kept for their space.
	pointers []any
}

// decode fills doc with a stored document. Undeclared fields are ignored; a declared field that is absent or null gets
// its default.
func (d *decoder) decode(raw bson.Raw, doc store.Document) error {
	d.pointers = doc.Pointers(d.pointers[:0])
	if len(d.pointers) != len(d.Fields) {
		return fmt.Errorf("cannot decode %T: it has %d fields, %s has %d", doc, len(d.pointers), d.Name, len(d.Fields))
	}
	var filled store.Fields
	err := d.walk(raw, func(i int, value bson.RawValue) error {
		if !d.fields.Has(i) || isNull(value) {
			return nil
		}
		filled |= 1 << i
		return d.fill(raw, i, value)
	})
	if err != nil {
		return err
	}
	for i, pointer := range d.pointers {
		if filled&(1<<i) != 0 || !d.fields.Has(i) {
			continue
		}
		if err := store.Scan(pointer, absent{d.layout, raw, &d.Fields[i]}); err != nil {
			return fmt.Errorf("cannot decode %s: field %s: %w", d.Name, d.Fields[i].Name, err)
		}
	}
	return nil
}

// fill sets a field of the document to the value that is stored for it.
func (d *decoder) fill(raw bson.Raw, i int, value bson.RawValue) error {
	f := &d.Fields[i]
	if err := store.Scan(d.pointers[i], stored{value, f}); err != nil {
		return fmt.Errorf("cannot decode %s %s: field %s: %w", d.Name, raw.Lookup(idField), f.Name, err)
	}
	if f.Values != nil {
		f.Correct(d.pointers[i])
	}
	return nil
}

// isNull reports whether a value is null, or the zero value from the lookup of an absent field.
func isNull(value bson.RawValue) bool {
	return value.IsZero() || value.Type == bson.TypeNull || value.Type == bson.TypeUndefined
}

// stored is the store.Source of a field's value in a document.
type stored struct {
	bson.RawValue

	field *store.Field
}

// ID implements store.Source.
func (v stored) ID() (store.ID, error) { return readID(v.RawValue) }

// Text implements store.Source.
func (v stored) Text() (string, error) {
	if allowed, ok := allowedText(v.field, v.RawValue); ok {
		return allowed, nil
	}
	return readString(v.RawValue)
}

// Time implements store.Source.
func (v stored) Time() (time.Time, error) { return readTime(v.RawValue) }

// Int implements store.Source.
func (v stored) Int() (int, error) { return readInt(v.RawValue) }

// Bool implements store.Source.
func (v stored) Bool() (bool, error) { return readBool(v.RawValue) }

// IsNull implements store.Source.
func (v stored) IsNull() bool { return isNull(v.RawValue) }

// absent is the store.Source of a field that a document lacks: its default or fallback, or the zero value.
type absent struct {
	layout *layout
	raw    bson.Raw
	field  *store.Field
}

// ID implements store.Source.
func (a absent) ID() (store.ID, error) { return store.ID{}, nil }

// Text implements store.Source.
func (a absent) Text() (string, error) { return defaultOf[string](a.field), nil }

// Time implements store.Source.
func (a absent) Time() (time.Time, error) {
	if a.field.Fallback == "" {
		return time.Time{}, nil
	}
	return a.layout.fallback(a.raw, *a.field), nil
}

// Int implements store.Source.
func (a absent) Int() (int, error) { return defaultOf[int](a.field), nil }

// Bool implements store.Source.
func (a absent) Bool() (bool, error) { return defaultOf[bool](a.field), nil }

// IsNull implements store.Source.
func (a absent) IsNull() bool { return true }

func defaultOf[T any](f *store.Field) T {
	value, _ := f.Default.(T)
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
