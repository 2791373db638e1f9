package db

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// EventData is an event's decoded data.
type EventData struct {
	// Entity is the document as it was after the change, or before a deletion; nil if the data doesn't contain it. Secret
	// and personal fields are empty.
	Entity store.Document
	// Concerned are the accounts that the document refers to, and those that it referred to before.
	Concerned []entity.Party
	// Changed names the changed stored fields: "title", "start_time", …
	Changed []string
	// changes are these fields' values; earlier versions didn't record them.
	changes []entity.FieldChange
	// state has the entity's fields; earlier versions didn't record it like this.
	state map[string]json.RawMessage

	def *entity.Definition
}

// DecodeEvent decodes an event's data.
func DecodeEvent(e *store.Event) (EventData, error) {
	def, _ := catalog.ByEvent(e.Type)
	if def == nil {
		return EventData{}, nil
	}
	envelope, ok, err := entity.DecodeEnvelope(e)
	if err != nil {
		return EventData{}, err
	}
	if !ok {
		return decodeOldEvent(e, def)
	}
	data := EventData{Concerned: envelope.Concerned, Changed: envelope.Changed(), changes: envelope.Changes, state: envelope.State, def: def}
	data.Entity, err = readState(def, envelope.State)
	return data, err
}

// IsDeletion reports whether events of a type report a deletion.
func IsDeletion(eventType string) bool {
	_, verb := catalog.ByEvent(eventType)
	return verb == entity.Deleted
}

// EntityOf returns what the event's entity is, such as "ticket", and its global id.
func EntityOf(e *store.Event) (noun, id string) {
	def, _ := catalog.ByEvent(e.Type)
	if def == nil {
		return "", ""
	}
	return def.Noun, def.Kind.GlobalID(e.Entity)
}

// AccountThatIs returns the account with that role in the event's entity: "customer", "former assignee".
func (d EventData) AccountThatIs(role string) (account auth.AudienceKey, ok bool) {
	for _, party := range d.Concerned {
		if party.Role == role {
			return party.Account, true
		}
	}
	return "", false
}

// Before reads the value that a changed field had before; ok is false if the field didn't change, or if that isn't known.
func (d EventData) Before(field string, into any) (ok bool) {
	i := slices.IndexFunc(d.changes, func(change entity.FieldChange) bool { return change.Field == field })
	return i >= 0 && d.changes[i].From != nil && json.Unmarshal(d.changes[i].From, into) == nil
}

// Former returns the event's entity as it was before the change, as far as the event says: values that it doesn't contain are those
// after the change, and long texts are truncated. It is nil if the data doesn't contain the entity.
func (d EventData) Former() store.Document {
	if d.state == nil {
		return d.Entity
	}
	state := maps.Clone(d.state)
	for _, change := range d.changes {
		if change.From != nil {
			state[change.Field] = change.From
		}
	}
	former, err := readState(d.def, state)
	if err != nil { // a value of an earlier version
		return d.Entity
	}
	return former
}

// SawBefore reports whether an account saw the event's entity before the change.
func (d EventData) SawBefore(account auth.AudienceKey) bool {
	former := d.Former()
	return former != nil && slices.Contains(catalog.Audience(d.def, former), account)
}

// SeenBy reports whether an account sees the event's entity as it was after the change, or before a deletion.
func (d EventData) SeenBy(account auth.AudienceKey) bool {
	return d.Entity != nil && slices.Contains(catalog.Audience(d.def, d.Entity), account)
}

// OwnerIDs returns the ids of the documents of another entity that the event's entity refers to.
func (d EventData) OwnerIDs(owner *entity.Definition) []store.ID {
	if d.Entity == nil {
		return nil
	}
	return d.def.OwnerIDs(d.Entity, owner)
}

func readState(def *entity.Definition, state map[string]json.RawMessage) (store.Document, error) {
	doc, ok := reflect.New(def.Type).Interface().(store.Document)
	if !ok {
		return nil, fmt.Errorf("%s is no document", def.TypeName)
	}
	if err := def.ReadState(state, doc); err != nil {
		return nil, err
	}
	return doc, nil
}
