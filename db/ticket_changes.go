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
	// Title defaults to the first line of the description.
	Title       *string
	Description string
	Priority    Priority
}

// TicketChanges are changes to a ticket; nil leaves a field unchanged.
type TicketChanges struct {
	Title       *string
	Description *string
	Priority    *Priority
}

// CreateTicket creates a ticket on an interaction that the scope sees.
func (d *DB) CreateTicket(ctx context.Context, scope auth.Scope, in NewTicket) (*Ticket, error) {
	var problems Problems
	interactionID := problems.ID("interactionId", KindInteraction, in.InteractionID)
	description := problems.requiredText("description", in.Description)
	title := titleOf(description)
	if in.Title != nil {
		title = problems.line("title", *in.Title)
	}
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
		InteractionUserID: interaction.UserID, InteractionInternal: interaction.Internal, Title: title, Description: description,
		Status: TicketOpen, Priority: in.Priority, CreatedAt: now, UpdatedAt: now, Version: 1,
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

// completeTickets numbers the tickets that have no number, and gives them titles.
func (d *DB) completeTickets(ctx context.Context) error {
	return d.tickets.NumberAll(ctx, func(t *Ticket) []string {
		if t.Title == "" {
			t.Title = titleOf(t.Description)
		}
		t.SetKeys(d.entities.Keys)
		return []string{"title", "title_key"}
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
		allowed := next.AllowedTransitions(scope)
		if status != next.Status && !slices.Contains(allowed, status) {
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
