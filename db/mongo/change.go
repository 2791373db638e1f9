package mongo

import (
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// change is an update of one document, by operator. Operators without fields aren't sent.
type change struct {
	set, unset, push, min bson.D
}

// assign makes the change set the fields. A nil removes the field, as null and absent are the same.
func (u *change) assign(l *layout, set []store.Assignment) error {
	for _, a := range set {
		field, err := l.field(a.Field)
		if err != nil {
			return fmt.Errorf("cannot set field: %w", err)
		}
		var value any
		if a.Value != nil || !field.Nullable {
			if value, err = encodeValue(a.Value); err != nil {
				return fmt.Errorf("cannot set field %s.%s: %w", l.Name, a.Field, err)
			}
		}
		u.assignTo(a.Field, value)
		if l.prefix != "" { // the typed copy and what it was made from stay equal
			u.assignTo(l.path(a.Field), value)
		}
		if value != nil {
			u.set = l.withTrigrams(u.set, a.Field, value)
		} else if slices.Contains(l.Searched, a.Field) {
			u.assignTo(trigramsOf(a.Field), nil)
		}
	}
	return nil
}

// assignTo sets the field with that path, or removes it if the value is nil.
func (u *change) assignTo(path string, value any) {
	if value == nil {
		u.unset = append(u.unset, bson.E{Key: path, Value: ""})
		return
	}
	u.set = append(u.set, bson.E{Key: path, Value: value})
}

// addEvents makes the change add encoded events, the first of which happened at that time.
func (u *change) addEvents(events bson.A, at time.Time) {
	u.push = bson.D{{Key: pendingField, Value: bson.D{{Key: "$each", Value: events}}}}
	u.min = bson.D{{Key: pendingAtField, Value: bson.NewDateTimeFromTime(at)}}
}

// markDeleted makes the change mark the document as deleted and to be visited by MoveEvents, and free its unique
// values.
func (u *change) markDeleted(l *layout, now time.Time) {
	u.set = append(u.set, bson.E{Key: deletedAtField, Value: bson.NewDateTimeFromTime(now)})
	for _, field := range l.uniqueFields() {
		u.unset = append(u.unset, bson.E{Key: field, Value: ""})
	}
	if len(u.min) == 0 {
		u.min = bson.D{{Key: pendingAtField, Value: bson.NewDateTimeFromTime(now)}}
	}
}

func (u *change) document() bson.D {
	var document bson.D
	for _, operator := range []struct {
		name   string
		fields bson.D
	}{{"$set", u.set}, {"$unset", u.unset}, {"$push", u.push}, {"$min", u.min}} {
		if len(operator.fields) > 0 {
			document = append(document, bson.E{Key: operator.name, Value: operator.fields})
		}
	}
	return document
}
