package db

import (
	"encoding/json"
	"fmt"
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
	data := EventData{Concerned: envelope.Concerned, Changed: envelope.Changed(), changes: envelope.Changes, def: def}
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
