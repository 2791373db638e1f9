package db

import (
	"slices"

	"crm/auth"
	"crm/db/store"
)

// InteractionAction is an action on an interaction that needs permission.
type InteractionAction string

// The actions on an interaction.
const (
	UpdateInteraction InteractionAction = "update"
	CancelInteraction InteractionAction = "cancel"
	DeleteInteraction InteractionAction = "delete"
	CreateTicket      InteractionAction = "create a ticket on"
)

// TicketAction is an action on a ticket that needs permission.
type TicketAction string

// The actions on a ticket.
const (
	UpdateTicket  TicketAction = "update"
	MoveTicket    TicketAction = "move"
	AssignTicket  TicketAction = "assign"
	TakeTicket    TicketAction = "take"
	ReplyToTicket TicketAction = "reply to"
	AddTicketNote TicketAction = "add a note to"
	MergeTicket   TicketAction = "merge"
	DeleteTicket  TicketAction = "delete"
	// writeByMail isn't offered to anybody: it is what mail does that comes, also after the ticket's customer is gone.
	writeByMail TicketAction = "write by mail on"
)

// Permit returns nil if the scope permits the action on the interaction, else a FORBIDDEN error that says why. The
// scope must see the interaction.
func (i *Interaction) Permit(scope auth.Scope, action InteractionAction) error {
	switch {
	case scope.SeesAll(), scope.IsAccount(true, i.UserID), action == CreateTicket && !scope.IsStaff():
		return nil
	case scope.IsStaff(): // a ticket on it is assigned to them
		return store.Errorf(store.Forbidden, "only its user and admins may %s an interaction", action)
	}
	return store.Errorf(store.Forbidden, "a customer may not %s an interaction", action)
}

// ViewerCan returns the actions on the interaction that the scope permits.
func (i *Interaction) ViewerCan(scope auth.Scope) []InteractionAction {
	allowed := []InteractionAction{}
	for _, action := range []InteractionAction{UpdateInteraction, CancelInteraction, DeleteInteraction, CreateTicket} {
		if action == CancelInteraction && i.Status != InteractionPlanned {
			continue
		}
		if i.Permit(scope, action) == nil {
			allowed = append(allowed, action)
		}
	}
	return allowed
}

// Permit returns nil if the scope permits the action on the ticket, else a FORBIDDEN error that says why, or a CONFLICT if
// somebody else has taken the ticket, or has merged it, or the customer whom the reply is for is gone. The scope must see the ticket.
func (t *Ticket) Permit(scope auth.Scope, action TicketAction) error {
	switch {
	case t.MergedIntoID != nil && action != DeleteTicket:
		return store.Errorf(store.Conflict, "the ticket has been merged into %s", KindTicket.GlobalID(*t.MergedIntoID))
	case t.customerGone && action == ReplyToTicket:
		return store.Errorf(store.Conflict, "the customer of the ticket is deleted, and would get no reply; the staff can add notes")
	case action == TakeTicket && scope.IsStaff():
		if t.AssigneeID == nil || scope.IsAccount(true, *t.AssigneeID) {
			return nil
		}
		return errTaken()
	case scope.SeesAll(), action == UpdateTicket, action == MoveTicket, action == ReplyToTicket, action == writeByMail:
		return nil
	case (action == AssignTicket || action == AddTicketNote || action == MergeTicket) && scope.IsStaff():
		return nil
	case action == DeleteTicket && scope.Role == auth.Customer:
		if t.Status == TicketOpen {
			return nil
		}
		return store.Errorf(store.Forbidden, "a customer may delete a ticket only while it is open")
	}
	return store.Errorf(store.Forbidden, "a %s may not %s a ticket", roleNames[scope.Role], action)
}

// roleNames are the names of the roles in messages.
var roleNames = map[auth.Role]string{auth.Admin: "admin", auth.User: "user", auth.Customer: "customer"}

// ViewerCan returns the actions on the ticket that the scope permits.
func (t *Ticket) ViewerCan(scope auth.Scope) []TicketAction {
	allowed := []TicketAction{}
	if t.hidden {
		return allowed
	}
	for _, action := range []TicketAction{
		UpdateTicket, MoveTicket, AssignTicket, TakeTicket, ReplyToTicket, AddTicketNote, MergeTicket, DeleteTicket,
	} {
		if action == TakeTicket && t.AssigneeID != nil {
			continue
		}
		if action == MoveTicket && len(t.AllowedTransitions(scope)) == 0 {
			continue
		}
		if action == UpdateTicket && t.Status == TicketClosed && !scope.IsStaff() {
			continue // the texts of a closed ticket are fixed, and customers can't change anything else
		}
		if t.Permit(scope, action) == nil {
			allowed = append(allowed, action)
		}
	}
	return allowed
}

// ticketStatuses are all statuses, in the order in which staff usually move a ticket.
var ticketStatuses = []TicketStatus{TicketOpen, TicketInProgress, TicketPending, TicketResolved, TicketClosed}

// customerTransitions close a ticket, and reopen one that isn't done after all.
var customerTransitions = map[TicketStatus][]TicketStatus{
	TicketOpen:       {TicketClosed},
	TicketInProgress: {TicketClosed},
	TicketPending:    {TicketClosed},
	TicketResolved:   {TicketOpen, TicketClosed},
	TicketClosed:     {TicketOpen},
}

// AllowedTransitions returns the other states that the scope may move the ticket to: staff may move it to any.
func (t *Ticket) AllowedTransitions(scope auth.Scope) []TicketStatus {
	allowed := ticketStatuses
	switch {
	case t.MergedIntoID != nil, t.hidden:
		allowed = nil
	case !scope.IsStaff():
		allowed = customerTransitions[t.Status]
	}
	return slices.DeleteFunc(append([]TicketStatus{}, allowed...), func(status TicketStatus) bool { return status == t.Status })
}
