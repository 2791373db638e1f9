package db

import (
	"encoding/json"
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// This file handles events of older versions, whose data has no envelope: an interaction or a ticket with the names of Go
// fields.

// decodeOldEvent decodes an event of an older version, which used the names of Go fields.
func decodeOldEvent(e *store.Event, def *entity.Definition) (EventData, error) {
	var old struct {
		Interaction      map[string]json.RawMessage `json:"interaction"`
		Ticket           map[string]json.RawMessage `json:"ticket"`
		PreviousAssignee *store.ID                  `json:"previousAssignee"`
		Changed          []string                   `json:"changed"`
	}
	if err := json.Unmarshal([]byte(e.Data), &old); err != nil {
		return EventData{}, fmt.Errorf("cannot decode event %s: %w", e.ID, err)
	}
	state := old.Interaction
	if def == Tickets {
		state = old.Ticket
	}
	data := EventData{Changed: old.Changed, def: def}
	if state == nil {
		return data, nil
	}
	var err error
	if data.Entity, err = readState(def, storedNames(state)); err != nil {
		return EventData{}, fmt.Errorf("cannot decode event %s: %w", e.ID, err)
	}
	data.Concerned = def.Parties(data.Entity)
	if old.PreviousAssignee != nil {
		data.Concerned = append(data.Concerned, entity.Party{
			Role: "former assignee", Account: auth.AccountKey(auth.User, *old.PreviousAssignee),
		})
	}
	return data, nil
}

func storedNames(state map[string]json.RawMessage) map[string]json.RawMessage {
	named := make(map[string]json.RawMessage, len(state))
	for name, value := range state {
		if name == "id" {
			name = "_id"
		}
		named[entity.SnakeCase(name)] = value
	}
	return named
}

// audience computes the audience of an event of an older version, which lacks it.
func (d EventData) audience() entity.Audience {
	if d.Entity == nil {
		return entity.Audience{}
	}
	after := catalog.Audience(d.def, d.Entity)
	before := slices.Clone(after)
	if former, ok := d.AccountThatIs("former assignee"); ok {
		before = append(before, former)
	}
	return entity.Audience{Before: before, After: after}
}

// eraseOldEvent returns the data of an event of an older version without its texts.
func eraseOldEvent(event *store.Event, def *entity.Definition) (string, error) {
	var old map[string]json.RawMessage
	if err := json.Unmarshal([]byte(event.Data), &old); err != nil {
		return "", fmt.Errorf("cannot decode event %s: %w", event.ID, err)
	}
	for name, value := range old {
		var state map[string]json.RawMessage
		if (name != "interaction" && name != "ticket") || json.Unmarshal(value, &state) != nil {
			continue
		}
		def.EraseTexts(state, entity.SnakeCase)
		erased, err := json.Marshal(state)
		if err != nil {
			return "", fmt.Errorf("cannot encode event %s: %w", event.ID, err)
		}
		old[name] = erased
	}
	text, err := json.Marshal(old)
	if err != nil {
		return "", fmt.Errorf("cannot encode event %s: %w", event.ID, err)
	}
	return string(text), nil
}
