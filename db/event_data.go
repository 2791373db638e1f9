package db

import (
	"encoding/json"
	"fmt"

	"crm/db/store"
)

// The types of events.
const (
	EventUserCreated          = "user.created"
	EventUserUpdated          = "user.updated"
	EventUserDeleted          = "user.deleted"
	EventCustomerCreated      = "customer.created"
	EventCustomerUpdated      = "customer.updated"
	EventCustomerDeleted      = "customer.deleted"
	EventInteractionCreated   = "interaction.created"
	EventInteractionUpdated   = "interaction.updated"
	EventInteractionCancelled = "interaction.cancelled"
	EventInteractionDeleted   = "interaction.deleted"
	EventTicketCreated        = "ticket.created"
	EventTicketUpdated        = "ticket.updated"
	EventTicketMoved          = "ticket.moved"
	EventTicketAssigned       = "ticket.assigned"
	EventTicketDeleted        = "ticket.deleted"
	EventDeliveryFailed       = "delivery.failed"
)

// EventData is what an event tells of its entity: as it was after the change, or before it if it was deleted. Events
// of users, customers and deliveries carry none, so that the log holds no personal data longer than the collections do.
type EventData struct {
	Interaction *Interaction `json:"interaction,omitempty"`
	Ticket      *Ticket      `json:"ticket,omitempty"`
	// PreviousAssignee is who a ticket was taken from, and who therefore may not see it any more.
	PreviousAssignee *store.ID `json:"previousAssignee,omitempty"`
	// Changed names the stored fields that an update changed: "title", "start_time", …
	Changed []string `json:"changed,omitempty"`
}

// DecodeEvent returns what the event tells of its entity.
func DecodeEvent(e *store.Event) (EventData, error) {
	var data EventData
	if err := json.Unmarshal([]byte(e.Data), &data); err != nil {
		return EventData{}, fmt.Errorf("cannot decode event %s: %w", e.ID, err)
	}
	return data, nil
}
