package db

import (
	"context"
	"errors"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewTicket is the data of a ticket to create.
type NewTicket struct {
	// InteractionID and CustomerID are global ids. Either may be missing: the customer is the interaction's then, or the
	// caller.
	InteractionID, CustomerID *string
	// Title defaults to the first line of the description.
	Title       *string
	Description string
	Priority    Priority
	// Attachments are uploads of the caller.
	Attachments []store.ID
}

// TicketChanges are changes to a ticket; nil leaves a field unchanged.
type TicketChanges struct {
	Title       *string
	Description *string
	Priority    *Priority
}

// CreateTicket creates a ticket of a customer, who may be the caller, or one on an interaction that the scope sees.
func (d *DB) CreateTicket(ctx context.Context, scope auth.Scope, in NewTicket) (*Ticket, error) {
	var problems Problems
	interactionID := problems.OptionalID("interactionId", KindInteraction, in.InteractionID)
	customerID := problems.OptionalID("customerId", KindCustomer, in.CustomerID)
	if in.InteractionID == nil && in.CustomerID == nil && scope.IsStaff() {
		problems.Add("customerId", "must be given without an interaction")
	}
	description := problems.requiredText("description", in.Description)
	title := titleOf(description)
	if in.Title != nil {
		title = problems.line("title", *in.Title)
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	now := d.now()
	ticket := &Ticket{
		ID: store.NewID(), Title: title, Description: description, Status: TicketOpen, Priority: in.Priority,
		WaitingSince: &now, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if !scope.IsStaff() {
		ticket.LastCustomerMessageAt = &now
	}
	var err error
	if interactionID != nil {
		err = d.raiseOn(ctx, scope, ticket, *interactionID, customerID)
	} else {
		err = d.raiseFor(ctx, scope, ticket, customerID)
	}
	if err != nil {
		return nil, err
	}
	ticket.derive() // the attachments copy the queue
	if err := d.attach(ctx, scope, ticket, nil, in.Attachments); err != nil {
		return nil, err
	}
	err = d.tickets.Create(ctx, scope, ticket)
	if store.IsRefusal(err) { // else the ticket may have been written; if not, the sweeper removes its attachments
		return nil, errors.Join(err, d.detach(ctx, scope, in.Attachments))
	}
	if err != nil {
		return nil, err
	}
	return ticket, nil
}

// raiseOn makes a new ticket one on an interaction, whose customer is the one that is given, if any is.
func (d *DB) raiseOn(ctx context.Context, scope auth.Scope, ticket *Ticket, interactionID store.ID, customerID *store.ID) error {
	interaction, err := d.Interactions.Get(ctx, scope, interactionID)
	if err != nil {
		return atField("input.interactionId", err)
	}
	if err := interaction.Permit(scope, CreateTicket); err != nil {
		return err
	}
	if customerID != nil && *customerID != interaction.CustomerID {
		return store.FieldError(store.BadInput, "input.customerId", "is not the customer of the interaction")
	}
	ticket.InteractionID, ticket.CustomerID = &interaction.ID, interaction.CustomerID
	ticket.InteractionUserID, ticket.InteractionInternal = &interaction.UserID, interaction.Internal
	if !scope.IsStaff() {
		return nil
	}
	n, err := d.customers.CountAll(ctx, store.Eq("_id", ticket.CustomerID))
	ticket.customerGone = n == 0
	return err
}

// raiseFor makes a new ticket one of a customer, by default the caller. Without a shared queue, a user who raises it is its
// assignee, and wouldn't see it otherwise.
func (d *DB) raiseFor(ctx context.Context, scope auth.Scope, ticket *Ticket, customerID *store.ID) error {
	ticket.CustomerID = scope.Account
	if customerID != nil {
		ticket.CustomerID = *customerID
	}
	if _, err := d.Customers.Get(ctx, scope, ticket.CustomerID); err != nil {
		return atField("input.customerId", err)
	}
	if d.options.NoSharedQueue && scope.IsStaff() && !scope.SeesAll() {
		user := store.ID(scope.Account)
		ticket.AssigneeID = &user
	}
	return nil
}

// UpdateTicket changes a ticket that the scope sees; only staff may change its priority.
func (d *DB) UpdateTicket(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, changes TicketChanges,
) (*Ticket, error) {
	return d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
		if err := next.Permit(scope, UpdateTicket); err != nil {
			return "", err
		}
		var problems Problems
		changes.applyTexts(next, &problems)
		if changes.Priority != nil && *changes.Priority != next.Priority {
			if !scope.IsStaff() {
				return "", store.FieldError(store.Forbidden, "input.priority", "only staff may change a ticket's priority")
			}
			next.Priority = *changes.Priority
		}
		return entity.Updated, problems.inInput()
	})
}

// applyTexts changes the texts, unless the ticket is closed. A title that is the description's first line follows the
// description.
func (c TicketChanges) applyTexts(next *Ticket, problems *Problems) {
	before, derived := *next, next.Title == titleOf(next.Description)
	if c.Description != nil {
		next.Description = problems.requiredText("description", *c.Description)
		next.Rewritten = next.Rewritten || next.ByMail && next.Description != before.Description
	}
	switch {
	case c.Title != nil:
		next.Title = problems.line("title", *c.Title)
	case derived:
		next.Title = titleOf(next.Description)
	}
	if next.Status != TicketClosed {
		return
	}
	if next.Description != before.Description {
		problems.Add("description", "must not change while the ticket is closed; reopen it first")
	}
	if next.Title != before.Title && c.Title != nil {
		problems.Add("title", "must not change while the ticket is closed; reopen it first")
	}
}

// completeTickets numbers the tickets that have no number, gives them titles, and puts those into the queue that nobody is
// responsible for.
func (d *DB) completeTickets(ctx context.Context) error {
	return d.tickets.NumberAll(ctx, func(t *Ticket) []string {
		if t.Title == "" {
			t.Title = titleOf(t.Description)
		}
		t.SetKeys(d.entities.Keys)
		completed := []string{"title", "title_key"}
		t.derive()
		if t.Queue != nil {
			completed = append(completed, "queue")
		}
		return completed
	})
}

// MoveTicket moves a ticket to one of its AllowedTransitions. Moving it to its present status changes nothing.
func (d *DB) MoveTicket(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, status TicketStatus,
) (*Ticket, error) {
	return d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
		if err := next.Permit(scope, MoveTicket); err != nil {
			return "", err
		}
		if err := next.checkMove(scope, status); err != nil {
			return "", err
		}
		next.move(status, d.now())
		return verbMoved, nil
	})
}

// checkMove returns an error if the scope may not move the ticket to a status, which may be the present one.
func (t *Ticket) checkMove(scope auth.Scope, status TicketStatus) error {
	allowed := t.AllowedTransitions(scope)
	if status == t.Status || slices.Contains(allowed, status) {
		return nil
	}
	return store.FieldError(store.BadInput, "input.status", "a ticket that is %s can't become %s, only %s",
		t.Status.name(), status.name(), names(allowed))
}

// AssignTicket assigns a ticket to a user who may log in, or to nobody; only staff may.
func (d *DB) AssignTicket(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, assignee *store.ID,
) (*Ticket, error) {
	ticket, err := d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
		if err := next.Permit(scope, AssignTicket); err != nil {
			return "", err
		}
		if assignee != nil {
			if err := d.activeUser(ctx, scope, "input.assigneeId", *assignee); err != nil {
				return "", err
			}
		}
		next.AssigneeID = assignee
		return verbAssigned, nil
	})
	if err != nil {
		return nil, err
	}
	return d.seenBy(scope, ticket), nil
}

// seenBy returns a ticket that the scope has changed, marked if the scope doesn't see it any more, so that the answer offers nothing that
// would be refused.
func (d *DB) seenBy(scope auth.Scope, ticket *Ticket) *Ticket {
	ticket.hidden = !d.entities.Catalog.Sees(scope, Tickets, ticket)
	return ticket
}

// TakeTicket assigns a ticket that has no assignee to the caller; only staff may. If somebody else has it, it is a CONFLICT:
// of two who take it at the same time, one gets that.
func (d *DB) TakeTicket(ctx context.Context, scope auth.Scope, id store.ID, expected *int) (*Ticket, error) {
	ticket, err := d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
		if err := next.Permit(scope, TakeTicket); err != nil {
			return "", err
		}
		user := store.ID(scope.Account)
		next.AssigneeID = &user
		return verbAssigned, nil
	})
	if store.CodeOf(err) == store.NotFound && scope.IsStaff() && !d.options.NoSharedQueue {
		return nil, d.takenFromQueue(ctx, id, err)
	}
	return ticket, err
}

// takenFromQueue returns the error for a user who takes a ticket and doesn't see it: CONFLICT if others have taken it from the
// shared queue, where all users have seen it.
func (d *DB) takenFromQueue(ctx context.Context, id store.ID, hidden error) error {
	taken, err := d.tickets.CountAll(ctx, store.And(
		store.Eq("_id", id), store.IsNull("interaction_id"), store.Not(store.IsNull("assignee_id")),
	))
	switch {
	case err != nil:
		return err
	case taken > 0:
		return errTaken()
	}
	return hidden
}

func errTaken() error { return store.Errorf(store.Conflict, "somebody else has taken the ticket") }

// name returns the status's name in the API.
func (s TicketStatus) name() string { return strings.ToUpper(string(s)) }

func names(statuses []TicketStatus) string {
	texts := make([]string, len(statuses))
	for i, status := range statuses {
		texts[i] = status.name()
	}
	return strings.Join(texts, " or ")
}

// DeleteTicket deletes a ticket: an admin may delete any, a customer only their own while it is open.
func (d *DB) DeleteTicket(ctx context.Context, scope auth.Scope, id store.ID, expected *int) error {
	ticket, err := d.Tickets.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := ticket.Permit(scope, DeleteTicket); err != nil {
		return err
	}
	if err := d.tickets.ExpectVersion(ticket, expected); err != nil {
		return err
	}
	_, err = d.tickets.Delete(ctx, scope, ticket, true, nil)
	return err
}
