package notify

import (
	"context"
	"slices"
	"time"

	"crm/db"
)

// meeting is the meeting of a history.
type meeting struct {
	record

	globalID string
	user     *person
	planned  bool
}

// plan enters the meeting.
func (h *history) plan(ctx context.Context) error {
	m := &h.meeting
	m.user, m.planned = h.users[0], true
	id := string(m.user.key)
	created, err := h.server().CreateInteraction(ctx, h.oneOf(m.user, h.ada).scope, db.NewInteraction{
		CustomerID: string(h.customer.key), UserID: &id, Kind: db.KindMeeting, Title: m.title(), StartTime: time.Now().Add(24 * time.Hour),
	})
	if err != nil {
		return err
	}
	m.id, m.globalID = created.ID, created.GlobalID()
	m.tell("created", h.customer, m.user)
	return nil
}

// meetingChanges returns the changes of the meeting that are possible.
func (h *history) meetingChanges() []change {
	if h.meeting.deleted {
		return nil
	}
	possible := []change{h.retitle, h.retitle, h.describe}
	if h.meeting.planned {
		possible = append(possible, h.cancel)
	} else {
		possible = append(possible, h.planAgain)
	}
	if h.colleague(h.meeting.user) != nil {
		possible = append(possible, h.handMeetingOver)
	}
	if len(h.tickets) < 2 && !h.customer.deleted {
		possible = append(possible, h.raise, h.raise)
	}
	return possible
}

func (h *history) update(ctx context.Context, changes db.InteractionChanges) error {
	m := &h.meeting
	_, err := h.server().UpdateInteraction(ctx, h.oneOf(m.user, h.ada).scope, m.id, nil, changes)
	return err
}

// retitle changes the title, and sometimes the time.
func (h *history) retitle(ctx context.Context) error {
	m := &h.meeting
	m.version++
	title := m.title()
	changes := db.InteractionChanges{Title: &title}
	if h.random.IntN(2) == 0 {
		start := time.Now().Add(time.Duration(24+h.random.IntN(24)) * time.Hour)
		changes.StartTime = &start
	}
	if err := h.update(ctx, changes); err != nil {
		return err
	}
	if m.planned {
		m.tell("updated", h.customer, m.user)
	}
	return nil
}

// describe changes what nobody is told of.
func (h *history) describe(ctx context.Context) error {
	text := time.Now().String()
	return h.update(ctx, db.InteractionChanges{Description: &text})
}

func (h *history) cancel(ctx context.Context) error {
	m := &h.meeting
	if _, err := h.server().CancelInteraction(ctx, h.oneOf(m.user, h.ada).scope, m.id, nil); err != nil {
		return err
	}
	m.planned = false
	m.tell("cancelled", h.customer, m.user)
	return nil
}

func (h *history) planAgain(ctx context.Context) error {
	status := db.InteractionPlanned
	if err := h.update(ctx, db.InteractionChanges{Status: &status}); err != nil {
		return err
	}
	h.meeting.planned = true
	h.meeting.tell("updated", h.customer, h.meeting.user)
	return nil
}

// handMeetingOver gives the meeting to the other user, sometimes with another title.
func (h *history) handMeetingOver(ctx context.Context) error {
	m := &h.meeting
	from, to := m.user, h.colleague(m.user)
	changes := db.InteractionChanges{UserID: to.id()}
	retitled := h.random.IntN(3) == 0
	if retitled {
		m.version++
		title := m.title()
		changes.Title = &title
	}
	if err := h.update(ctx, changes); err != nil {
		return err
	}
	h.handedOver(from, to)
	if retitled && m.planned {
		m.tell("updated", h.customer)
	}
	return nil
}

// handedOver records that the meeting has another user.
func (h *history) handedOver(from, to *person) {
	h.meeting.user = to
	if h.meeting.planned {
		h.meeting.tell("handed over", to, from)
	}
}

// deleteMeeting deletes the meeting with its tickets, which only an admin may.
func (h *history) deleteMeeting(ctx context.Context) error {
	m := &h.meeting
	if m.deleted {
		return nil
	}
	by := h.oneOf(m.user, h.ada)
	if slices.ContainsFunc(h.tickets, func(t *ticket) bool { return !t.deleted }) {
		by = h.ada
	}
	if _, err := h.server().DeleteInteraction(ctx, by.scope, m.id, nil, true); err != nil {
		return err
	}
	h.meetingDeleted(by)
	return nil
}

// meetingDeleted records that the meeting was deleted with its tickets.
func (h *history) meetingDeleted(by *person) {
	m := &h.meeting
	if m.deleted {
		return
	}
	for _, t := range h.tickets {
		if !t.deleted {
			t.deleted = true
			t.tellOthers("deleted", by, m.user, t.assignee)
		}
	}
	m.deleted = true
	if m.planned {
		m.tell("deleted", h.customer, m.user)
	}
}
