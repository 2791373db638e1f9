package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// TicketMerge is the decision to merge a ticket into another one of the same customer. What follows for the tickets and their messages
// is written afterwards; see applyMerge. It is never changed, and stays when its tickets are deleted, or their customer, whose tickets may
// stay.
type TicketMerge struct {
	ID         store.ID `db:"_id"`
	CustomerID store.ID `db:"customer_id" belongs:"Customer,keep"`
	// Position numbers the merges of a customer's tickets. Its unique index makes whoever decides know all that was decided before:
	// so no ticket is merged twice, or into one that has been merged, and there are no cycles.
	Position int      `db:"position"`
	FromID   store.ID `db:"from_id" belongs:"Ticket,keep"`
	IntoID   store.ID `db:"into_id" belongs:"Ticket,keep"`
	// The times are those of the merged ticket.
	FirstRespondedAt      *time.Time `db:"first_responded_at"`
	LastMessageAt         *time.Time `db:"last_message_at"`
	LastCustomerMessageAt *time.Time `db:"last_customer_message_at"`
	WaitingSince          *time.Time `db:"waiting_since"`
	CreatedAt             time.Time  `db:"created_at"`
	Version               int        `db:"version" default:"1"`
}

// TicketMerges declares the merges. Nobody sees them but by what they do.
var TicketMerges = entity.Declare(entity.Declaration[TicketMerge]{
	Kind: "mrg", Name: "ticket_merges", Noun: "merge",
	Indexes: []store.Index{
		{Name: "ticket_merges_position", Keys: []store.Key{{Field: "customer_id"}, {Field: "position"}}, Unique: true, Reports: "position"},
		{Name: "ticket_merges_from", Keys: []store.Key{{Field: "from_id"}}},
		{Name: "ticket_merges_into", Keys: []store.Key{{Field: "into_id"}, {Field: "position"}}},
	},
})
