package entity

import (
	"encoding/json"
	"fmt"

	"crm/db/store"
)

// ErasedText replaces a text that was erased with an account.
const ErasedText = "[deleted]"

var erasedJSON = json.RawMessage(`"` + ErasedText + `"`)

// isText reports whether a field holds free text, in contrast to one of a few values.
func (d *Definition) isText(name string) bool {
	field, ok := d.Field(name)
	return ok && field.Type == store.TypeString && !field.LowCardinality
}

// EraseTexts replaces the texts in an event's state. key returns the stored name of the field that the state has under a
// name.
func (d *Definition) EraseTexts(state map[string]json.RawMessage, key func(name string) string) {
	for name, value := range state {
		if d.isText(key(name)) && string(value) != "null" {
			state[name] = erasedJSON
		}
	}
}

// EraseEvent returns an event's data without its texts; ok is false for an event of an older version, which
// has no envelope.
func (d *Definition) EraseEvent(event *store.Event) (data string, ok bool, err error) {
	envelope, ok, err := DecodeEnvelope(event)
	if err != nil || !ok {
		return "", false, err
	}
	d.EraseTexts(envelope.State, func(name string) string { return name })
	for i, change := range envelope.Changes {
		if d.isText(change.Field) && change.From != nil {
			envelope.Changes[i].From, envelope.Changes[i].To = erasedJSON, erasedJSON
		}
	}
	text, err := json.Marshal(envelope)
	if err != nil {
		return "", false, fmt.Errorf("cannot encode event %s: %w", event.ID, err)
	}
	return string(text), true, nil
}
