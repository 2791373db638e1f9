package notify

import (
	"slices"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// This file has the conditions of the table in recipients.go.

func always(*store.Event, db.EventData) bool { return true }

// stillAhead reports whether an interaction was to begin after the event; before it, if the event moved it.
func stillAhead(event *store.Event, data db.EventData) bool {
	interaction, ok := data.Entity.(*db.Interaction)
	if !ok {
		return false
	}
	var before time.Time
	moved := data.Before("start_time", &before)
	return interaction.StartTime.After(event.At) || (moved && before.After(event.At))
}

// planned reports whether an interaction is planned and ahead, in contrast to one that is recorded afterwards.
func planned(event *store.Event, data db.EventData) bool {
	interaction, ok := data.Entity.(*db.Interaction)
	return ok && interaction.Status == db.InteractionPlanned && stillAhead(event, data)
}

// rescheduled reports whether a planned interaction changed in a way that its parties have to know. The status counts
// because the interaction may have been cancelled before.
func rescheduled(event *store.Event, data db.EventData) bool {
	return planned(event, data) && changes(data, "title", "start_time", "end_time", "all_day", "location", "status")
}

// handedOver reports whether a planned interaction has another user now.
func handedOver(event *store.Event, data db.EventData) bool {
	return planned(event, data) && changes(data, "user_id")
}

// raisedByMail reports whether a customer raised a ticket by mail, and is to be told that it came.
func raisedByMail(_ *store.Event, data db.EventData) bool {
	ticket, ok := data.Entity.(*db.Ticket)
	return ok && ticket.Acknowledged()
}

// ended reports whether a ticket is resolved or closed.
func ended(_ *store.Event, data db.EventData) bool {
	ticket, ok := data.Entity.(*db.Ticket)
	return ok && hasEnded(ticket.Status)
}

// reopened reports whether a ticket was resolved or closed, and no longer is.
func reopened(event *store.Event, data db.EventData) bool {
	var before db.TicketStatus
	return data.Before("status", &before) && hasEnded(before) && !ended(event, data)
}

func hasEnded(status db.TicketStatus) bool {
	return status == db.TicketResolved || status == db.TicketClosed
}

// rewritten reports whether a ticket has another text, or has become urgent.
func rewritten(_ *store.Event, data db.EventData) bool {
	ticket, ok := data.Entity.(*db.Ticket)
	return ok && (changes(data, "title", "description") || (changes(data, "priority") && ticket.Priority == db.PriorityUrgent))
}

// repliedByStaff reports whether a message is public and by a person of the staff, in contrast to their notes.
func repliedByStaff(_ *store.Event, data db.EventData) bool {
	message, ok := data.Entity.(*db.TicketMessage)
	return ok && message.Visibility == db.MessagePublic && !message.ByCustomer() && !message.Automatic
}

// writtenByCustomer reports whether a message is by the customer, or somebody else who is no member of the staff, and not by a program.
func writtenByCustomer(_ *store.Event, data db.EventData) bool {
	message, ok := data.Entity.(*db.TicketMessage)
	return ok && message.Visibility == db.MessagePublic && message.ByCustomer() && !message.Automatic
}

// endedByReply reports whether the staff resolved or closed a ticket with a message. If the customer did, the message says so.
func endedByReply(event *store.Event, data db.EventData) bool {
	return ended(event, data) && changes(data, "status") && auth.Role(event.ActorRole).IsStaff()
}

// changes reports whether an event changed any of these fields.
func changes(data db.EventData, fields ...string) bool {
	return slices.ContainsFunc(data.Changed, func(field string) bool { return slices.Contains(fields, field) })
}

// bringsLinkFor returns the condition that a link is for an action.
func bringsLinkFor(action db.LinkAction) func(*store.Event, db.EventData) bool {
	return func(_ *store.Event, data db.EventData) bool {
		link, ok := data.Entity.(*db.AccountLink)
		return ok && link.Action == action
	}
}

// isSecurityEvent returns the condition that a security event is of one of these kinds.
func isSecurityEvent(kinds ...db.SecurityEventKind) func(*store.Event, db.EventData) bool {
	return func(_ *store.Event, data db.EventData) bool {
		event, ok := data.Entity.(*db.SecurityEvent)
		return ok && slices.Contains(kinds, event.Kind)
	}
}

// passwordChanged reports whether an account has another password, in contrast to the first one, which accepts an invitation.
func passwordChanged(_ *store.Event, data db.EventData) bool {
	return changes(data, "password") && !changes(data, "invited_at")
}
