package notify

import (
	"fmt"
	"slices"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// announcements is the table of recipients: one row for each event type that is announced by mail.
//
// "Only if" says which events of the type are announced. "To" lists the recipients, in the order of their deliveries.
// The actor is the account that made the change. It gets mail about interactions, too, since that is its calendar
// entry. Deleted and deactivated accounts get no mail. The text is in templates/<topic>.txt.
var announcements = []announcement{
	// {event, topic, news, only if, to, also to the actor}
	{db.EventInteractionCreated, "interaction", "created", always, []role{customer, user}, true},
	{db.EventInteractionUpdated, "interaction", "updated", rescheduled, []role{customer, user}, true},
	{db.EventInteractionCancelled, "interaction", "cancelled", always, []role{customer, user}, true},
	{db.EventInteractionDeleted, "interaction", "deleted", stillAhead, []role{customer, user}, true},
	{db.EventTicketCreated, "ticket", "created", always, []role{customer, user, assignee}, false},
	{db.EventTicketAssigned, "ticket", "assigned", always, []role{customer, user, assignee}, false},
	{db.EventTicketMoved, "ticket", "moved", ended, []role{customer, user, assignee}, false},
}

// announcement is a row of the table.
type announcement struct {
	event string
	// topic names the template, news selects one of its texts.
	topic, news string
	onlyIf      func(*store.Event, db.EventData) bool
	to          []role
	toActor     bool
}

// role is the role of an account in an event's document.
type role string

const (
	customer role = "customer"
	// user is the user of the interaction, or of the ticket's interaction.
	user     role = "user"
	assignee role = "assignee"
)

func always(*store.Event, db.EventData) bool { return true }

// rescheduled reports whether a planned interaction changed in a way that its parties have to know. The status counts
// because the interaction may have been cancelled before.
func rescheduled(_ *store.Event, data db.EventData) bool {
	announced := []string{"title", "start_time", "end_time", "location", "status"}
	return data.Interaction.Status == db.InteractionPlanned &&
		slices.ContainsFunc(data.Changed, func(field string) bool { return slices.Contains(announced, field) })
}

// stillAhead reports whether an interaction was planned for a time after the event.
func stillAhead(event *store.Event, data db.EventData) bool {
	return data.Interaction.Status == db.InteractionPlanned && data.Interaction.StartTime.After(event.At)
}

// ended reports whether a ticket is resolved or closed.
func ended(_ *store.Event, data db.EventData) bool {
	return data.Ticket.Status == db.TicketResolved || data.Ticket.Status == db.TicketClosed
}

// party is an account that may get mail.
type party struct {
	staff bool
	id    store.ID
}

// concerned returns the accounts with a role in the event's document. The error is errMalformedEvent if the event lacks
// the data that its type requires.
func concerned(event *store.Event, topic string, data db.EventData) (map[role]party, error) {
	switch {
	case topic == "interaction" && data.Interaction != nil:
		return map[role]party{
			customer: {false, data.Interaction.CustomerID}, user: {true, data.Interaction.UserID},
		}, nil
	case topic == "ticket" && data.Ticket != nil:
		concerned := map[role]party{
			customer: {false, data.Ticket.CustomerID}, user: {true, data.Ticket.InteractionUserID},
		}
		if data.Ticket.AssigneeID != nil {
			concerned[assignee] = party{true, *data.Ticket.AssigneeID}
		}
		return concerned, nil
	}
	return nil, fmt.Errorf("%w: %s without %s", errMalformedEvent, event.Type, topic)
}

// recipients returns the distinct recipients of an event by this row; none if the row's condition isn't met.
func (a *announcement) recipients(event *store.Event, data db.EventData) ([]party, error) {
	concerned, err := concerned(event, a.topic, data)
	if err != nil || !a.onlyIf(event, data) {
		return nil, err
	}
	actorRole := auth.Role(event.ActorRole) // empty if the program itself is the actor
	actor := party{actorRole.IsStaff(), event.Actor}
	var recipients []party
	for _, role := range a.to {
		p, ok := concerned[role]
		isActor := actorRole != "" && p == actor
		if ok && !slices.Contains(recipients, p) && (a.toActor || !isActor) {
			recipients = append(recipients, p)
		}
	}
	return recipients, nil
}
