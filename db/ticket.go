package db

import (
	"time"

	"crm/db/store"
)

// TicketStatus says how far the work on a ticket is.
type TicketStatus string

// The states, as they are stored, in the order in which the staff moves a ticket.
const (
	TicketOpen       TicketStatus = "open"
	TicketInProgress TicketStatus = "in_progress"
	TicketResolved   TicketStatus = "resolved"
	TicketClosed     TicketStatus = "closed"
)

// Priority says how urgent a ticket is; it is stored as a number so that it sorts.
type Priority int

// The priorities.
const (
	PriorityLow Priority = iota + 1
	PriorityMedium
	PriorityHigh
	PriorityUrgent
)

// Ticket is what a customer, or the staff for them, asks on an interaction.
type Ticket struct {
	ID            store.ID `json:"id"`
	InteractionID store.ID `json:"interactionId"`
	CustomerID    store.ID `json:"customerId"`
	// InteractionUserID is the interaction's user, repeated here so that a user's tickets are found by an index.
	InteractionUserID store.ID     `json:"interactionUserId"`
	AssigneeID        *store.ID    `json:"assigneeId"`
	Description       string       `json:"description"`
	Status            TicketStatus `json:"status"`
	Priority          Priority     `json:"priority"`
	CreatedAt         time.Time    `json:"createdAt"`
	UpdatedAt         time.Time    `json:"updatedAt"`
	Version           int          `json:"version"`
}

// Pointers implements Document.
func (t *Ticket) Pointers(into []any) []any {
	return append(into,
		&t.ID, &t.InteractionID, &t.CustomerID, &t.InteractionUserID, &t.AssigneeID, &t.Description,
		(*string)(&t.Status), (*int)(&t.Priority), &t.CreatedAt, &t.UpdatedAt, &t.Version,
	)
}

// Tickets is the collection of the tickets.
var Tickets = &store.Collection{
	Name: "tickets",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "interaction_id", Type: store.TypeID},
		{Name: "customer_id", Type: store.TypeID},
		{Name: "interaction_user_id", Type: store.TypeID},
		{Name: "assignee_id", Type: store.TypeID, Nullable: true},
		{Name: "description", Type: store.TypeString},
		{Name: "status", Type: store.TypeString, Default: string(TicketOpen), LowCardinality: true},
		{Name: "priority", Type: store.TypeInt, Default: int(PriorityMedium), LowCardinality: true},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "updated_at", Type: store.TypeTime},
		{Name: "version", Type: store.TypeInt, Default: 1},
	},
	Indexes: []store.Index{
		{Name: "tickets_interaction_created", Keys: []store.Key{{Field: "interaction_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_customer_created", Keys: []store.Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_user_created", Keys: []store.Key{{Field: "interaction_user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_assignee_created", Keys: []store.Key{{Field: "assignee_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_status_created", Keys: []store.Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_newest", Keys: []store.Key{{Field: "priority"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_oldest", Keys: []store.Key{{Field: "priority", Desc: true}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
}
