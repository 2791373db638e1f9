package mongo

import (
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// This file says what the values in shared collections mean, where other programs may store values of any type. A
// comparison in MongoDB finds only values of its own type, so a document with other values gets a typed copy, which
// stands beside the stored values.

// meaning is what a stored value means.
type meaning struct {
	value any
	// typed says that the stored value has the field's type and is one that the field may have, so that queries find it.
	typed bool
	// unknown says that another value replaces one that means nothing.
	unknown bool
}

// meaningOf returns what a stored value of a field means.
func (l *layout) meaningOf(raw bson.Raw, f store.Field, stored bson.RawValue) (m meaning, err error) {
	if isNull(stored) {
		return meaning{value: l.missing(raw, f), typed: f.Nullable || isPlainText(f)}, nil
	}
	switch f.Type {
	case store.TypeID:
		return meaningOfID(f, stored)
	case store.TypeTime:
		return l.meaningOfTime(raw, f, stored)
	case store.TypeInt:
		m.value, err = readInt(stored)
		m.typed = stored.IsNumber()
	case store.TypeBool:
		m.value, err = readBool(stored)
		m.typed = stored.Type == bson.TypeBoolean
	default:
		return meaningOfText(f, stored)
	}
	if err == nil && !f.Allows(m.value) {
		return meaning{value: f.Default, unknown: true}, nil
	}
	return m, err
}

// isPlainText reports whether a field may be empty, so that null means an empty text.
func isPlainText(f store.Field) bool {
	return f.Type == store.TypeString && f.Values == nil && f.Default == nil
}

// meaningOfID takes a reference that is no id for one to nothing.
func meaningOfID(f store.Field, stored bson.RawValue) (meaning, error) {
	id, err := readID(stored)
	if err != nil && f.Name != idField {
		return meaning{value: store.ID{}, unknown: true}, nil
	}
	return meaning{value: id, typed: stored.Type == bson.TypeObjectID}, err
}

func meaningOfText(f store.Field, stored bson.RawValue) (meaning, error) {
	text, err := readString(stored)
	if f.Values != nil {
		value, known := f.Normal(text)
		return meaning{value: value, typed: err == nil && stored.Type == bson.TypeString && value == text, unknown: !known}, nil
	}
	return meaning{value: text, typed: stored.Type == bson.TypeString}, err
}

func (l *layout) meaningOfTime(raw bson.Raw, f store.Field, stored bson.RawValue) (meaning, error) {
	at, err := readTime(stored)
	if err == nil && at.Before(firstDate) { // stands for a missing time
		return meaning{value: l.missing(raw, f)}, nil
	}
	return meaning{value: at, typed: stored.Type == bson.TypeDateTime}, err
}

// errUnusable ends a walk.
var errUnusable = errors.New("the document has to be adapted first")

// isUsable reports whether the selected fields of a row are what queries found it by: values have the fields' types,
// and derived ones are up to date. Absent fields don't matter.
func (l *layout) isUsable(row bson.Raw) bool {
	var read store.Fields
	err := l.walk(row, func(i int, value bson.RawValue) error {
		read |= 1 << i
		if isPlain(&l.Fields[i], value) {
			return nil
		}
		if m, err := l.meaningOf(row, l.Fields[i], value); err != nil || !m.typed {
			return errUnusable
		}
		return nil
	})
	if err != nil {
		return false
	}
	for _, d := range l.Derived {
		if d.Of == nil || read&(1<<l.index[d.Field]) == 0 {
			continue
		}
		stored, isText := row.Lookup(d.Field).StringValueOK()
		if from := row.Lookup(d.From); isText && !isNull(from) && l.derive(row, d, stored, nil) != stored {
			return false
		}
	}
	return true
}

// isPlain reports whether a value clearly has the field's type and may stand in it, as nearly all values do. If it doesn't,
// meaningOf says what it means.
func isPlain(f *store.Field, value bson.RawValue) bool {
	switch f.Type {
	case store.TypeID:
		return value.Type == bson.TypeObjectID
	case store.TypeTime:
		at, ok := value.DateTimeOK()
		return ok && at >= firstDate.UnixMilli() && at <= lastDate.UnixMilli()
	case store.TypeString:
		_, allowed := allowedText(f, value)
		return allowed || (f.Values == nil && value.Type == bson.TypeString)
	}
	return false
}

// allowedText returns the one of a field's allowed values that a stored text equals. It doesn't allocate.
func allowedText(f *store.Field, value bson.RawValue) (text string, ok bool) {
	const head, tail = 4, 1 // the length before the text, and the NUL after it
	if f.Values == nil || value.Type != bson.TypeString || len(value.Value) < head+tail {
		return "", false
	}
	stored := value.Value[head : len(value.Value)-tail]
	for i := range f.Values {
		if f.Values[i].Text == string(stored) {
			return f.Values[i].Text, true
		}
	}
	return "", false
}

// derive returns the value of a derived field, nil if it has none.
func (l *layout) derive(raw bson.Raw, d store.Derived, stored string, derive store.Derive) any {
	f := l.Fields[l.index[d.From]]
	m, err := l.meaningOf(raw, f, raw.Lookup(d.From))
	text, isText := m.value.(string)
	if err != nil || (!isText && f.Nullable) {
		return nil
	}
	if d.Of == nil {
		return derive(d, text)
	}
	key := d.Of(stored, text)
	if id, ok := raw.Lookup(idField).ObjectIDOK(); ok && d.Unique {
		key = store.UniqueKey(key, store.ID(id))
	}
	return key
}

// needsValue reports whether queries rely on a field being there.
func needsValue(f store.Field) bool {
	return !f.Nullable && f.Type != store.TypeID && !isPlainText(f)
}

// encoded returns the value as stored, nil if there is none.
func encoded(f store.Field, value any) (any, error) {
	if at, isTime := value.(time.Time); value == nil || (isTime && at.IsZero()) {
		return nil, nil //nolint:nilnil // null is a value
	}
	stored, err := encodeValue(value)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return stored, nil
}
