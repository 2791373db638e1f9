package db

import (
	"context"
	"maps"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// TicketMerge is the decision to merge a ticket into another one of the same customer. What follows for the tickets and their messages
// is written afterwards; see applyMerge. It is never changed, and stays when its tickets are deleted.
type TicketMerge struct {
	ID         store.ID `db:"_id"`
	CustomerID store.ID `db:"customer_id" belongs:"Customer,cascade"`
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

// CurrentTickets returns the tickets with these ids that the scope sees, by id; in the place of one that has been merged, the one that it
// was merged into, even if the scope never saw the former.
func (d *DB) CurrentTickets(
	ctx context.Context, tickets *entity.Reader[Ticket], scope auth.Scope, ids []store.ID,
) (map[store.ID]*Ticket, error) {
	tickets = tickets.Also("merged_into_id")
	found, err := tickets.ByID(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	ends := make(map[store.ID]store.ID)
	for _, id := range ids {
		if ticket := found[id]; ticket == nil || ticket.MergedIntoID != nil {
			ends[id] = id
		}
	}
	if len(ends) == 0 {
		return found, nil
	}
	if err := d.followMerged(ctx, ends); err != nil {
		return nil, err
	}
	current, err := tickets.ByID(ctx, scope, slices.Collect(maps.Values(ends)))
	if err != nil {
		return nil, err
	}
	for id, end := range ends {
		if delete(found, id); current[end] != nil {
			found[id] = current[end]
		}
	}
	return found, nil
}

// followMerged replaces each ticket in ends that has been merged by the last one that it was merged into. No merges form a cycle.
func (d *DB) followMerged(ctx context.Context, ends map[store.ID]store.ID) error {
	for {
		merged, err := d.tickets.Find(ctx, store.Query{
			Where:  store.And(store.In("_id", slices.Collect(maps.Values(ends))), store.Not(store.IsNull("merged_into_id"))),
			Fields: Tickets.Select("merged_into_id"),
		})
		if err != nil || len(merged) == 0 {
			return err
		}
		next := make(map[store.ID]store.ID, len(merged))
		for _, ticket := range merged {
			next[ticket.ID] = *ticket.MergedIntoID
		}
		for id, end := range ends {
			if further, ok := next[end]; ok {
				ends[id] = further
			}
		}
	}
}

// CurrentTicket is CurrentTickets for one id; it is NOT_FOUND if the scope sees no such ticket.
func (d *DB) CurrentTicket(ctx context.Context, tickets *entity.Reader[Ticket], scope auth.Scope, id store.ID) (*Ticket, error) {
	found, err := d.CurrentTickets(ctx, tickets, scope, []store.ID{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, d.Tickets.NotFound()
	}
	return found[id], nil
}

// TicketByNumber returns the ticket with that number that the scope sees, or the one that it was merged into.
func (d *DB) TicketByNumber(ctx context.Context, tickets *entity.Reader[Ticket], scope auth.Scope, number int) (*Ticket, error) {
	numbered, err := d.tickets.Find(ctx, store.Query{Where: store.Eq("number", number), Limit: 1, Fields: Tickets.Select("number")})
	if err != nil {
		return nil, err
	}
	if len(numbered) == 0 {
		return nil, d.Tickets.NotFound()
	}
	return d.CurrentTicket(ctx, tickets, scope, numbered[0].ID)
}
