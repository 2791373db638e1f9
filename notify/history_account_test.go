package notify

import (
	"context"
	"slices"

	"crm/db"
)

// deleteCustomer deletes the customer with the meeting and its tickets.
func (h *history) deleteCustomer(ctx context.Context) error {
	c := h.customer
	if c.deleted {
		return nil
	}
	if _, err := h.server().DeleteCustomer(ctx, h.ada.scope, *c.id(), nil, true); err != nil {
		return err
	}
	h.meetingDeleted(h.ada)
	h.gone(c)
	return nil
}

// leave lets the customer delete their account: the meeting, which is cancelled, and its tickets stay, without the customer's texts.
func (h *history) leave(ctx context.Context) error {
	c := h.customer
	if c.deleted {
		return nil
	}
	if _, err := h.server().DeleteCustomer(ctx, c.scope, *c.id(), nil, false); err != nil {
		return err
	}
	if m := &h.meeting; m.planned && !m.deleted {
		m.planned = false
		m.tell("cancelled", c, m.user)
	}
	h.gone(c)
	return nil
}

// dismiss deletes a user, with the meeting if that is theirs, unless the colleague works on it.
func (h *history) dismiss(ctx context.Context) error {
	u := h.oneOf(h.users...)
	colleague := h.colleague(u)
	if colleague != nil && (h.colleagueWorksOn(u) || h.random.IntN(2) == 0) {
		if err := h.handAllOver(ctx, u, colleague); err != nil {
			return err
		}
	}
	if _, err := h.server().DeleteUser(ctx, h.ada.scope, *u.id(), nil, true); err != nil {
		return err
	}
	if h.meeting.user == u {
		h.meetingDeleted(h.ada)
	}
	for _, t := range h.tickets {
		if t.assignee == u {
			t.assignee = nil
		}
	}
	h.gone(u)
	return nil
}

// colleagueWorksOn reports whether the colleague works on a ticket of the user's meeting, which therefore isn't deleted.
func (h *history) colleagueWorksOn(u *person) bool {
	return h.meeting.user == u && slices.ContainsFunc(h.tickets, func(t *ticket) bool {
		return !t.deleted && t.status != db.TicketClosed && t.assignee != nil && t.assignee != u
	})
}

// handAllOver hands all open work over.
func (h *history) handAllOver(ctx context.Context, from, to *person) error {
	by, m := h.oneOf(from, h.ada), &h.meeting
	if _, err := h.server().HandOver(ctx, by.scope, *from.id(), *to.id()); err != nil {
		return err
	}
	open := slices.DeleteFunc(slices.Clone(h.tickets), func(t *ticket) bool { return t.deleted || t.status == db.TicketClosed })
	if m.user == from && !m.deleted && (m.planned || len(open) > 0) {
		h.handedOver(from, to)
	}
	for _, t := range open {
		if t.assignee == from {
			t.assignee = to
			t.tellOthers("assigned", by, to, from)
		}
	}
	return nil
}

// gone records that an account was deleted.
func (h *history) gone(p *person) {
	p.deleted, h.meeting.erased = true, true
	for _, t := range h.tickets {
		t.erased = true
	}
	h.erases(p)
}
