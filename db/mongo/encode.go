package mongo

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// encodeValue returns the BSON value of an ID, string, time.Time, int or bool. Every value goes through it, so that no
// text can be taken for an operator.
func encodeValue(value any) (any, error) {
	switch v := value.(type) {
	case store.ID:
		return bson.ObjectID(v), nil
	case time.Time:
		return bson.NewDateTimeFromTime(v), nil
	case int:
		return int64(v), nil
	case string, bool:
		return v, nil
	}
	return nil, fmt.Errorf("cannot store a value of type %T", value)
}

func encodeValues(values []any) (bson.A, error) {
	encoded := make(bson.A, len(values))
	for i, value := range values {
		var err error
		if encoded[i], err = encodeValue(value); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

// encode returns the document as it is stored: without null fields, and without the field named except.
func (l *layout) encode(doc store.Document, except string) (bson.D, error) {
	pointers := doc.Pointers(nil)
	if len(pointers) != len(l.Fields) {
		return nil, fmt.Errorf("cannot encode %T: it has %d fields, %s has %d", doc, len(pointers), l.Name, len(l.Fields))
	}
	encoded := make(bson.D, 0, len(pointers)+2)
	for i, pointer := range pointers {
		value := store.ValueAt(pointer)
		if value == nil || l.Fields[i].Name == except {
			continue
		}
		element, err := encodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("cannot encode %s.%s: %w", l.Name, l.Fields[i].Name, err)
		}
		encoded = append(encoded, bson.E{Key: l.Fields[i].Name, Value: element})
		encoded = l.withTrigrams(encoded, l.Fields[i].Name, element)
	}
	return encoded, nil
}
