package db

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

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
		delete(found, id)
		if current[end] != nil {
			found[id] = current[end]
		}
	}
	return found, nil
}

// followMerged replaces each ticket in ends that has been merged by the last one that it was merged into.
func (d *DB) followMerged(ctx context.Context, ends map[store.ID]store.ID) error {
	into := make(map[store.ID]store.ID)
	for further := slices.Collect(maps.Values(ends)); len(further) > 0; {
		merged, err := d.tickets.Find(ctx, store.Query{
			Where:  store.And(store.In("_id", further), store.Not(store.IsNull("merged_into_id"))),
			Fields: Tickets.Select("merged_into_id"),
		})
		if err != nil {
			return err
		}
		further = further[:0]
		for _, ticket := range merged {
			into[ticket.ID] = *ticket.MergedIntoID
		}
		for _, ticket := range merged {
			if _, known := into[*ticket.MergedIntoID]; !known {
				further = append(further, *ticket.MergedIntoID)
			}
		}
	}
	for id := range ends {
		for range into {
			if next, merged := into[ends[id]]; merged {
				ends[id] = next
			}
		}
		if _, merged := into[ends[id]]; merged {
			return errMergedInACycle(id)
		}
	}
	return nil
}

// errMergedInACycle is for merges that nobody can have decided, so that nothing follows them for good.
func errMergedInACycle(ticket store.ID) error {
	return fmt.Errorf("the merges that %s leads to form a cycle", KindTicket.GlobalID(ticket))
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
