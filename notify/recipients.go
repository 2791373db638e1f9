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
	{db.EventInteractionCreated, "interaction", "created", planned, []role{customer, user}, true},
	{db.EventInteractionUpdated, "interaction", "updated", rescheduled, []role{customer, user}, true},
	{db.EventInteractionCancelled, "interaction", "cancelled", always, []role{customer, user}, true},
	{db.EventInteractionDeleted, "interaction", "deleted", stillAhead, []role{customer, user}, true},
	{db.EventTicketCreated, "ticket", "created", always, []role{customer, interactionUser, assignee}, false},
	{db.EventTicketAssigned, "ticket", "assigned", always, []role{customer, interactionUser, assignee}, false},
	{db.EventTicketMoved, "ticket", "moved", ended, []role{customer, interactionUser, assignee}, false},
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

// role is the role of an account in an event's document; see entity.Party.
type role string

const (
	customer        role = "customer"
	user            role = "user"
	interactionUser role = "interaction user"
	assignee        role = "assignee"
)

func always(*store.Event, db.EventData) bool { return true }

// planned reports whether an interaction is planned, in contrast to one that is recorded afterwards.
func planned(_ *store.Event, data db.EventData) bool {
	interaction, ok := data.Entity.(*db.Interaction)
	return ok && interaction.Status != db.InteractionDone && interaction.Status != db.InteractionCancelled
}

// rescheduled reports whether a planned interaction changed in a way that its parties have to know. The status counts
// because the interaction may have been cancelled before.
func rescheduled(_ *store.Event, data db.EventData) bool {
	announced := []string{"title", "start_time", "end_time", "location", "status"}
	interaction, ok := data.Entity.(*db.Interaction)
	return ok && interaction.Status == db.InteractionPlanned &&
		slices.ContainsFunc(data.Changed, func(field string) bool { return slices.Contains(announced, field) })
}

// stillAhead reports whether an interaction was planned for a time after the event.
func stillAhead(event *store.Event, data db.EventData) bool {
	interaction, ok := data.Entity.(*db.Interaction)
	return ok && interaction.Status == db.InteractionPlanned && interaction.StartTime.After(event.At)
}

// ended reports whether a ticket is resolved or closed.
func ended(_ *store.Event, data db.EventData) bool {
	ticket, ok := data.Entity.(*db.Ticket)
	return ok && (ticket.Status == db.TicketResolved || ticket.Status == db.TicketClosed)
}

// recipients returns the distinct recipients of an event by this row; none if the row's condition isn't met. The error is
// errMalformedEvent if the event lacks the data that its type requires.
func (a *announcement) recipients(event *store.Event, data db.EventData) ([]auth.AudienceKey, error) {
	if data.Entity == nil {
		return nil, fmt.Errorf("%w: %s without %s", errMalformedEvent, event.Type, a.topic)
	}
	if !a.onlyIf(event, data) {
		return nil, nil
	}
	var actor auth.AudienceKey // empty if the program itself is the actor
	if event.ActorRole != "" {
		actor = auth.AccountKey(auth.Role(event.ActorRole), event.Actor)
	}
	var recipients []auth.AudienceKey
	for _, role := range a.to {
		account, ok := data.AccountThatIs(string(role))
		if role == customer && !data.SeenBy(account) {
			continue // the interaction is internal
		}
		if ok && !slices.Contains(recipients, account) && (a.toActor || account != actor) {
			recipients = append(recipients, account)
		}
	}
	return recipients, nil
}
