package notify

import (
	"fmt"
	"slices"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// announcements is the table of who is told what: one row for each type of event that anybody is mailed about.
//
// "Only if" says which events of the type are told at all. "To" lists who is told, in the order in which they are mailed.
// The actor is the account that caused the event: about interactions it is told, too, since the mail is its calendar
// entry. Accounts that are gone or deactivated are never told. The text is in templates/<topic>.txt.
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
	// topic names the template, news says which of its texts is meant.
	topic, news string
	onlyIf      func(*store.Event, db.EventData) bool
	to          []role
	toActor     bool
}

// role is what an account has to do with an event's entity.
type role string

const (
	customer role = "customer"
	// user is whose interaction it is, or the ticket's interaction.
	user     role = "user"
	assignee role = "assignee"
)

func always(*store.Event, db.EventData) bool { return true }

// rescheduled reports whether an interaction that is to take place has changed in what its parties have to know. Its
// status counts because it may have been cancelled before.
func rescheduled(_ *store.Event, data db.EventData) bool {
	announced := []string{"title", "start_time", "end_time", "location", "status"}
	return data.Interaction.Status == db.InteractionPlanned &&
		slices.ContainsFunc(data.Changed, func(field string) bool { return slices.Contains(announced, field) })
}

// stillAhead reports whether an interaction was to take place after the event.
func stillAhead(event *store.Event, data db.EventData) bool {
	return data.Interaction.Status == db.InteractionPlanned && data.Interaction.StartTime.After(event.At)
}

// ended reports whether a ticket is resolved or closed.
func ended(_ *store.Event, data db.EventData) bool {
	return data.Ticket.Status == db.TicketResolved || data.Ticket.Status == db.TicketClosed
}

// party is an account that may be told something.
type party struct {
	staff bool
	id    store.ID
}

// concerned returns who has which role in the event's entity. The error is errMalformedEvent if the event doesn't hold
// what its type promises.
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

// recipients returns who is told of an event by this row, each once; nobody if the row's condition isn't met.
func (a *announcement) recipients(event *store.Event, data db.EventData) ([]party, error) {
	concerned, err := concerned(event, a.topic, data)
	if err != nil || !a.onlyIf(event, data) {
		return nil, err
	}
	actorRole := auth.Role(event.ActorRole) // empty if the program itself is the actor
	actor := party{actorRole.IsStaff(), event.Actor}
	var told []party
	for _, role := range a.to {
		p, ok := concerned[role]
		isActor := actorRole != "" && p == actor
		if ok && !slices.Contains(told, p) && (a.toActor || !isActor) {
			told = append(told, p)
		}
	}
	return told, nil
}
