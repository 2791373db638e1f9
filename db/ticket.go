package db

import "time"

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
	ID            ID `json:"id"`
	InteractionID ID `json:"interactionId"`
	CustomerID    ID `json:"customerId"`
	// InteractionUserID is the interaction's user, repeated here so that a user's tickets are found by an index.
	InteractionUserID ID           `json:"interactionUserId"`
	AssigneeID        *ID          `json:"assigneeId"`
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
var Tickets = &Collection{
	Name: "tickets",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "interaction_id", Type: TypeID},
		{Name: "customer_id", Type: TypeID},
		{Name: "interaction_user_id", Type: TypeID},
		{Name: "assignee_id", Type: TypeID, Nullable: true},
		{Name: "description", Type: TypeString},
		{Name: "status", Type: TypeString, Default: string(TicketOpen), LowCardinality: true},
		{Name: "priority", Type: TypeInt, Default: int(PriorityMedium), LowCardinality: true},
		{Name: "created_at", Type: TypeTime},
		{Name: "updated_at", Type: TypeTime},
		{Name: "version", Type: TypeInt, Default: 1},
	},
	Indexes: []Index{
		{Name: "tickets_interaction_created", Keys: []Key{{Field: "interaction_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_customer_created", Keys: []Key{{Field: "customer_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_user_created", Keys: []Key{{Field: "interaction_user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_assignee_created", Keys: []Key{{Field: "assignee_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_status_created", Keys: []Key{{Field: "status"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_newest", Keys: []Key{{Field: "priority"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_priority_oldest", Keys: []Key{{Field: "priority", Desc: true}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_created", Keys: []Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "tickets_updated", Keys: []Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
}
