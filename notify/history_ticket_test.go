package notify

import (
	"context"
	"fmt"
	"slices"

	"crm/db"
	"crm/db/store"
)

// ticket is a ticket of a history.
type ticket struct {
	record

	assignee *person
	status   db.TicketStatus
	urgent   bool
}

// tellOthers records that people other than the one who acted have to be told something.
func (t *ticket) tellOthers(news string, by *person, people ...*person) {
	t.tell(news, slices.DeleteFunc(people, func(p *person) bool { return p == by })...)
}

// ended reports whether the ticket is resolved or closed.
func (t *ticket) ended() bool { return t.status == db.TicketResolved || t.status == db.TicketClosed }

// raise raises a ticket.
func (h *history) raise(ctx context.Context) error {
	t := &ticket{record: newRecord(fmt.Sprintf("%st%d", h.name, len(h.tickets))), status: db.TicketOpen}
	t.isTicket = true
	by, title := h.oneOf(h.customer, h.meeting.user, h.ada), t.title()
	created, err := h.server().CreateTicket(ctx, by.scope, db.NewTicket{
		InteractionID: &h.meeting.globalID, Title: &title, Description: title, Priority: db.PriorityLow,
	})
	if err != nil {
		return err
	}
	t.id = created.ID
	t.tellOthers("created", by, h.customer, h.meeting.user)
	h.tickets = append(h.tickets, t)
	return nil
}

// ticketChanges returns the changes of a ticket that are possible.
func (h *history) ticketChanges(t *ticket) []change {
	if t.deleted {
		return nil
	}
	of := func(do func(context.Context, *ticket) error) change {
		return func(ctx context.Context) error { return do(ctx, t) }
	}
	possible := []change{of(h.move), of(h.move), of(h.assign), of(h.prioritise)}
	if t.status != db.TicketClosed {
		possible = append(possible, of(h.rewrite))
	}
	if h.random.IntN(3) == 0 {
		possible = append(possible, of(h.deleteTicket))
	}
	return possible
}

// rewrite changes the texts of a ticket.
func (h *history) rewrite(ctx context.Context, t *ticket) error {
	by := h.oneOf(h.customer, h.meeting.user, t.assignee, h.ada)
	t.version++
	title := t.title()
	if _, err := h.server().UpdateTicket(ctx, by.scope, t.id, nil, db.TicketChanges{Title: &title, Description: &title}); err != nil {
		return err
	}
	t.tellOthers("rewritten", by, h.meeting.user, t.assignee)
	return nil
}

// prioritise makes a ticket urgent, or less so.
func (h *history) prioritise(ctx context.Context, t *ticket) error {
	by, priority := h.oneOf(h.meeting.user, t.assignee, h.ada), db.PriorityUrgent
	if t.urgent {
		priority = db.PriorityLow
	}
	if _, err := h.server().UpdateTicket(ctx, by.scope, t.id, nil, db.TicketChanges{Priority: &priority}); err != nil {
		return err
	}
	if t.urgent = !t.urgent; t.urgent {
		t.tellOthers("rewritten", by, h.meeting.user, t.assignee)
	}
	return nil
}

// assign assigns a ticket to a user or, if that one has it, to nobody.
func (h *history) assign(ctx context.Context, t *ticket) error {
	by, former, to := h.oneOf(h.meeting.user, t.assignee, h.ada), t.assignee, h.oneOf(h.users...)
	if to == former {
		to = nil
	}
	var id *store.ID
	if to != nil {
		id = to.id()
	}
	if _, err := h.server().AssignTicket(ctx, by.scope, t.id, nil, id); err != nil {
		return err
	}
	t.assignee = to
	t.tellOthers("assigned", by, to, former)
	return nil
}

// customerMoves are the moves that a customer may make.
var customerMoves = map[db.TicketStatus][]db.TicketStatus{
	db.TicketOpen: {db.TicketClosed}, db.TicketInProgress: {db.TicketClosed},
	db.TicketResolved: {db.TicketOpen, db.TicketClosed}, db.TicketClosed: {db.TicketOpen},
}

// move moves a ticket to another status.
func (h *history) move(ctx context.Context, t *ticket) error {
	by, ended := h.oneOf(h.customer, h.meeting.user, t.assignee, h.ada), t.ended()
	moves := customerMoves[t.status]
	if by != h.customer {
		moves = slices.DeleteFunc([]db.TicketStatus{db.TicketOpen, db.TicketInProgress, db.TicketResolved, db.TicketClosed},
			func(status db.TicketStatus) bool { return status == t.status })
	}
	to := moves[h.random.IntN(len(moves))]
	if _, err := h.server().MoveTicket(ctx, by.scope, t.id, nil, to); err != nil {
		return err
	}
	t.status = to
	switch {
	case t.ended():
		t.tellOthers(string(to), by, h.customer, h.meeting.user, t.assignee)
	case ended:
		t.tellOthers("reopened", by, h.customer, h.meeting.user, t.assignee)
	}
	return nil
}

func (h *history) deleteTicket(ctx context.Context, t *ticket) error {
	by := h.ada
	if t.status == db.TicketOpen {
		by = h.oneOf(h.customer, h.ada)
	}
	if err := h.server().DeleteTicket(ctx, by.scope, t.id, nil); err != nil {
		return err
	}
	t.deleted = true
	t.tellOthers("deleted", by, h.meeting.user, t.assignee)
	return nil
}
