package db

import (
	"encoding/json"
	"fmt"
	"strings"

	"crm/db/entity"
	"crm/db/store"
)

// EventData is an event's interaction or ticket, as it was after the change, or before a deletion.
type EventData struct {
	Interaction *Interaction
	Ticket      *Ticket
	// PreviousAssignee is the former assignee of a ticket, who may no longer see it.
	PreviousAssignee *store.ID
	// Changed names the changed stored fields: "title", "start_time", …
	Changed []string
}

// DecodeEvent decodes an event's data.
func DecodeEvent(e *store.Event) (EventData, error) {
	envelope, ok, err := entity.DecodeEnvelope(e)
	if err != nil {
		return EventData{}, err
	}
	if !ok {
		return decodeOldEvent(e)
	}
	data := EventData{Changed: envelope.Changed()}
	kind, _, _ := strings.Cut(e.Type, ".")
	switch kind {
	case "interaction":
		data.Interaction = new(Interaction)
		return data, Interactions.ReadState(envelope.State, data.Interaction)
	case "ticket":
		data.Ticket = new(Ticket)
		for _, change := range envelope.Changes {
			if change.Field != "assignee_id" {
				continue
			}
			if err := json.Unmarshal(change.From, &data.PreviousAssignee); err != nil {
				return EventData{}, fmt.Errorf("cannot decode event %s: %w", e.ID, err)
			}
		}
		return data, Tickets.ReadState(envelope.State, data.Ticket)
	}
	return data, nil
}

// decodeOldEvent decodes an event of an older version, which used the names of Go fields.
func decodeOldEvent(e *store.Event) (EventData, error) {
	var old struct {
		Interaction      map[string]json.RawMessage `json:"interaction"`
		Ticket           map[string]json.RawMessage `json:"ticket"`
		PreviousAssignee *store.ID                  `json:"previousAssignee"`
		Changed          []string                   `json:"changed"`
	}
	if err := json.Unmarshal([]byte(e.Data), &old); err != nil {
		return EventData{}, fmt.Errorf("cannot decode event %s: %w", e.ID, err)
	}
	data := EventData{PreviousAssignee: old.PreviousAssignee, Changed: old.Changed}
	if old.Interaction != nil {
		data.Interaction = new(Interaction)
		return data, Interactions.ReadState(storedNames(old.Interaction), data.Interaction)
	}
	if old.Ticket != nil {
		data.Ticket = new(Ticket)
		return data, Tickets.ReadState(storedNames(old.Ticket), data.Ticket)
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
