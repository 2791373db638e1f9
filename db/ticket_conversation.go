package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/store"
)

// A reply concerns two documents, the message and its ticket, and a store writes only one at a time. So the message is the one
// write that decides: it says to which status it moves the ticket, and its position says after which messages. What follows
// for the ticket is written afterwards, by whoever comes first: the request that wrote the message, or, if that was
// interrupted, the planner when it handles the message's event, which was written with the message and is never lost. Each
// message is applied exactly once, because the ticket's write contains the position up to which messages have been applied.

// applyMessages gives a ticket what follows from the public messages that haven't been applied to it yet, in their order. If the ticket
// has been merged, its messages move, and the ticket that they move to gets that. The events name the actor, who needn't see the
// ticket any more.
func (d *DB) applyMessages(ctx context.Context, actor auth.Scope, id store.ID) (*Ticket, error) {
	ticket, err := d.tickets.Follow(ctx, actor, id, func(next *Ticket) (string, error) {
		if next.MergedIntoID != nil {
			return verbReplied, nil
		}
		unapplied, err := d.ticketMessages.Find(ctx, store.Query{
			Where: store.And(
				store.Eq("ticket_id", id), store.Compare(store.OpGt, "position", next.appliedMessages),
				store.Eq("visibility", string(MessagePublic)),
			),
			Sort: []store.Sort{{Field: "created_at"}, {Field: "_id"}},
		})
		for _, message := range unapplied {
			next.apply(message)
		}
		return verbReplied, err
	})
	if err != nil || ticket.MergedIntoID == nil {
		return ticket, err
	}
	if err := d.moveMessages(ctx, actor, ticket); err != nil {
		return nil, err
	}
	return d.applyMessages(ctx, actor, *ticket.MergedIntoID)
}

// apply gives the ticket what follows from a public message. From one that a program wrote, nothing does. A customer's reopens a
// ticket that waits for the customer or that the staff consider done, unless it says otherwise. If somebody has moved the ticket
// after the message was written, its status stays.
func (t *Ticket) apply(m *TicketMessage) {
	at, status := m.CreatedAt, m.MovesTo
	t.appliedMessages = m.Position
	if m.Automatic {
		return
	}
	t.LastMessageAt = &at
	if m.ByCustomer() {
		t.LastCustomerMessageAt = &at
		if t.WaitingSince == nil {
			t.WaitingSince = &at
		}
		if status == "" && t.Status != TicketInProgress {
			status = TicketOpen
		}
	}
	if status != "" && (t.movedAt == nil || !t.movedAt.After(at)) {
		t.move(status, at)
	}
	if m.ByCustomer() {
		return
	}
	t.WaitingSince = nil
	if t.FirstRespondedAt == nil {
		t.FirstRespondedAt = &at
	}
}

// move gives the ticket another status, and the times that follow from it.
func (t *Ticket) move(status TicketStatus, now time.Time) {
	before := t.Status
	if status == before {
		return
	}
	t.Status, t.movedAt = status, &now
	switch status {
	case TicketResolved:
		t.ResolvedAt, t.ClosedAt, t.WaitingSince = &now, nil, nil
	case TicketClosed:
		t.ClosedAt, t.WaitingSince = &now, nil
	case TicketPending:
		t.ResolvedAt, t.ClosedAt, t.WaitingSince = nil, nil, nil
	default:
		t.ResolvedAt, t.ClosedAt = nil, nil
		if before != TicketOpen && before != TicketInProgress { // the customer wasn't waiting
			t.WaitingSince = &now
		}
	}
}

// followMessage applies the message that an event reports to its ticket, and deletes its draft, unless that has happened already.
func (d *DB) followMessage(ctx context.Context, event *store.Event) error {
	if event.Type != EventTicketMessageCreated {
		return nil
	}
	data, err := DecodeEvent(event)
	message, ok := data.Entity.(*TicketMessage)
	if err != nil || !ok {
		return nil //nolint:nilerr // an event that can't be decoded is reported by those who announce it
	}
	if err := d.deleteDraftOf(ctx, message); err != nil {
		return err
	}
	actor := auth.Scope{Role: auth.Role(event.ActorRole), Account: event.Actor}
	_, err = d.applyMessages(ctx, actor, message.TicketID)
	return ignoreNotFound(err)
}
