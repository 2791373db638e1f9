package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// CreateTicket resolves Mutation.createTicket.
func (r mutationResolver) CreateTicket(
	ctx context.Context, input graph.CreateTicketInput,
) (*graph.CreateTicketPayload, error) {
	var problems db.Problems
	attachments := uploadIDs(&problems, input.Attachments)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	ticket, err := r.db.CreateTicket(ctx, scopeOf(ctx), db.NewTicket{
		InteractionID: input.InteractionID.Value(), CustomerID: input.CustomerID.Value(), Title: input.Title.Value(),
		Description: input.Description, Priority: input.Priority, Attachments: attachments,
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateTicketPayload{Ticket: ticket}, nil
}

// UpdateTicket resolves Mutation.updateTicket.
func (r mutationResolver) UpdateTicket(
	ctx context.Context, input graph.UpdateTicketInput,
) (*graph.UpdateTicketPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindTicket, input.ID)
	changes := db.TicketChanges{
		Title: text(input.Title), Description: text(input.Description), Priority: change(&problems, "priority", input.Priority),
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	ticket, err := r.db.UpdateTicket(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), changes)
	if err != nil {
		return nil, err
	}
	return &graph.UpdateTicketPayload{Ticket: ticket}, nil
}

// MoveTicket resolves Mutation.moveTicket.
func (r mutationResolver) MoveTicket(
	ctx context.Context, input graph.MoveTicketInput,
) (*graph.MoveTicketPayload, error) {
	id, err := parseID("input.id", db.KindTicket, input.ID)
	if err != nil {
		return nil, err
	}
	ticket, err := r.db.MoveTicket(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), input.Status)
	if err != nil {
		return nil, err
	}
	return &graph.MoveTicketPayload{Ticket: ticket}, nil
}

// AssignTicket resolves Mutation.assignTicket. Omitting the assignee is refused, because it is ambiguous.
func (r mutationResolver) AssignTicket(
	ctx context.Context, input graph.AssignTicketInput,
) (*graph.AssignTicketPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindTicket, input.ID)
	if !input.AssigneeID.IsSet() {
		problems.Add("input.assigneeId", "is required; null assigns the ticket to nobody")
	}
	var assignee *store.ID
	if text := input.AssigneeID.Value(); text != nil {
		parsed := problems.ID("input.assigneeId", db.KindUser, *text)
		assignee = &parsed
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	ticket, err := r.db.AssignTicket(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), assignee)
	if err != nil {
		return nil, err
	}
	return &graph.AssignTicketPayload{Ticket: ticket}, nil
}

// TakeTicket resolves Mutation.takeTicket.
func (r mutationResolver) TakeTicket(
	ctx context.Context, input graph.TakeTicketInput,
) (*graph.TakeTicketPayload, error) {
	id, err := parseID("input.id", db.KindTicket, input.ID)
	if err != nil {
		return nil, err
	}
	ticket, err := r.db.TakeTicket(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value())
	if err != nil {
		return nil, err
	}
	return &graph.TakeTicketPayload{Ticket: ticket}, nil
}

// DeleteTicket resolves Mutation.deleteTicket.
func (r mutationResolver) DeleteTicket(
	ctx context.Context, input graph.DeleteTicketInput,
) (*graph.DeleteTicketPayload, error) {
	id, err := parseID("input.id", db.KindTicket, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.DeleteTicket(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value()); err != nil {
		return nil, err
	}
	return deletedTicket(input.ID, nil), nil
}
