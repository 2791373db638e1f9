package db

import (
	"context"
	"slices"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewTicket is the data of a ticket to create.
type NewTicket struct {
	// InteractionID is a global id.
	InteractionID string
	Description   string
	Priority      Priority
}

// TicketChanges are changes to a ticket; nil leaves a field unchanged.
type TicketChanges struct {
	Description *string
	Priority    *Priority
}

// CreateTicket creates a ticket on an interaction that the scope sees.
func (d *DB) CreateTicket(ctx context.Context, scope auth.Scope, in NewTicket) (*Ticket, error) {
	var problems Problems
	interactionID := problems.ID("interactionId", KindInteraction, in.InteractionID)
	description := problems.requiredText("description", in.Description)
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	interaction, err := d.Interactions.Get(ctx, scope, interactionID)
	if err != nil {
		return nil, atField("input.interactionId", err)
	}
	if err := interaction.Permit(scope, CreateTicket); err != nil {
		return nil, err
	}
	now := d.now()
	ticket := &Ticket{
		ID: store.NewID(), InteractionID: interaction.ID, CustomerID: interaction.CustomerID,
		InteractionUserID: interaction.UserID, InteractionInternal: interaction.Internal, Description: description, Status: TicketOpen, Priority: in.Priority,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if err := d.tickets.Create(ctx, scope, ticket); err != nil {
		return nil, err
	}
	return ticket, nil
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
		if changes.Description != nil {
			next.Description = problems.requiredText("description", *changes.Description)
		}
		if changes.Priority != nil && *changes.Priority != next.Priority {
			if !scope.IsStaff() {
				return "", store.FieldError(store.Forbidden, "input.priority", "only staff may change a ticket's priority")
			}
			next.Priority = *changes.Priority
		}
		return entity.Updated, problems.inInput()
	})
}

// MoveTicket moves a ticket to one of its AllowedTransitions.
func (d *DB) MoveTicket(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, status TicketStatus,
) (*Ticket, error) {
	return d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
		if err := next.Permit(scope, MoveTicket); err != nil {
			return "", err
		}
		allowed := next.AllowedTransitions(scope)
		if len(allowed) == 0 {
			return "", store.FieldError(store.BadInput, "input.status", "only staff may move a ticket that is %s", next.Status.name())
		}
		if !slices.Contains(allowed, status) {
			return "", store.FieldError(store.BadInput, "input.status", "a ticket that is %s can't become %s, only %s",
				next.Status.name(), status.name(), names(allowed))
		}
		next.Status = status
		return verbMoved, nil
	})
}

// AssignTicket assigns a ticket to a user who may log in, or to nobody; only staff may.
func (d *DB) AssignTicket(
	ctx context.Context, scope auth.Scope, id store.ID, expected *int, assignee *store.ID,
) (*Ticket, error) {
	return d.tickets.Update(ctx, scope, id, expected, func(next *Ticket) (string, error) {
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
}

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
	return d.tickets.Remove(ctx, scope, ticket)
}
