package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// MergeTickets merges a ticket into another one of the same customer: its messages, and what it asked for, move there, it is closed, and
// whoever asks for it gets the other one. Only staff who see both may. Of two merges in opposite directions one is a CONFLICT. It
// returns the other ticket.
func (d *DB) MergeTickets(ctx context.Context, scope auth.Scope, from, into store.ID, expected *int) (*Ticket, error) {
	if from == into {
		return nil, store.FieldError(store.BadInput, "input.intoId", "must be another ticket")
	}
	first, err := d.Tickets.Get(ctx, scope, from)
	if err != nil {
		return nil, atField("input.fromId", err)
	}
	merge, err := d.decideMerge(ctx, scope, &TicketMerge{CustomerID: first.CustomerID, FromID: from, IntoID: into}, expected)
	if err != nil {
		return nil, err
	}
	err = d.applyMerge(ctx, scope, merge)
	if err != nil && store.CodeOf(err) != store.Conflict { // others keep changing a ticket; it is completed when the event is planned
		return nil, err
	}
	return d.Tickets.Get(ctx, scope, into)
}

// decideMerge writes a merge, unless an earlier one stands against it. It returns the same merge if that was decided before.
func (d *DB) decideMerge(ctx context.Context, scope auth.Scope, merge *TicketMerge, expected *int) (*TicketMerge, error) {
	for range writeTries {
		last, err := d.lastMergePosition(ctx, merge.CustomerID)
		if err != nil {
			return nil, err
		}
		earlier, err := d.ticketMerges.Find(ctx, store.Query{Where: store.In("from_id", []store.ID{merge.FromID, merge.IntoID})})
		if err != nil {
			return nil, err
		}
		for _, other := range earlier {
			if other.FromID == merge.FromID && other.IntoID == merge.IntoID {
				return other, nil
			}
			return nil, store.Errorf(store.Conflict, "%s has been merged into %s", KindTicket.GlobalID(other.FromID), KindTicket.GlobalID(other.IntoID))
		}
		if err := d.checkMerge(ctx, scope, merge, expected); err != nil {
			return nil, err
		}
		merge.ID, merge.Position, merge.CreatedAt, merge.Version = store.NewID(), last+1, d.now(), 1
		err = d.ticketMerges.Create(ctx, scope, merge)
		if err == nil {
			return merge, nil
		}
		if !entity.IsTaken(err, "position") {
			return nil, err
		}
	}
	return nil, store.Errorf(store.Conflict, "others are merging tickets of the customer; try again")
}

// lastMergePosition returns the position of the last merge of a customer's tickets, 0 if there is none.
func (d *DB) lastMergePosition(ctx context.Context, customer store.ID) (int, error) {
	found, err := d.ticketMerges.Find(ctx, store.Query{
		Where: store.Eq("customer_id", customer), Sort: []store.Sort{{Field: "position", Desc: true}, {Field: "_id", Desc: true}}, Limit: 1,
		Fields: TicketMerges.Select("position"),
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].Position, nil
}

// checkMerge returns an error if the scope may not merge the tickets, and completes the merge with what it tells of the merged one.
func (d *DB) checkMerge(ctx context.Context, scope auth.Scope, merge *TicketMerge, expected *int) error {
	tickets, err := d.Tickets.ByID(ctx, scope, []store.ID{merge.FromID, merge.IntoID})
	if err != nil {
		return err
	}
	from, into := tickets[merge.FromID], tickets[merge.IntoID]
	switch {
	case from == nil:
		return atField("input.fromId", d.Tickets.NotFound())
	case into == nil:
		return atField("input.intoId", d.Tickets.NotFound())
	}
	if err := from.Permit(scope, MergeTicket); err != nil {
		return err
	}
	if into.MergedIntoID != nil {
		return into.Permit(scope, MergeTicket)
	}
	if err := d.tickets.ExpectVersion(from, expected); err != nil {
		return err
	}
	switch {
	case from.CustomerID != into.CustomerID:
		return store.FieldError(store.BadInput, "input.intoId", "must be a ticket of the same customer, who sees its messages")
	case from.InteractionInternal != into.InteractionInternal:
		return store.FieldError(store.BadInput, "input.intoId", "must be hidden from the customer if the other one is, and only then")
	}
	merge.take(from)
	return nil
}
