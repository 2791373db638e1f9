package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func ticketID(t *db.Ticket) store.ID { return t.ID }

func ticketInteraction(t *db.Ticket) (store.ID, bool) { return t.InteractionID, true }

func ticketCustomer(t *db.Ticket) (store.ID, bool) { return t.CustomerID, true }

func ticketAssignee(t *db.Ticket) (store.ID, bool) {
	if t.AssigneeID == nil {
		return store.ID{}, false
	}
	return *t.AssigneeID, true
}

// Ticket resolves Query.ticket.
func (r queryResolver) Ticket(ctx context.Context, id string) (*db.Ticket, error) {
	return get(ctx, r.db.Tickets, db.KindTicket, "id", id)
}

// Tickets resolves Query.tickets.
func (r queryResolver) Tickets(
	ctx context.Context, first *int, after *string, last *int, before *string,
	where *graph.TicketWhere, orderBy []*graph.TicketOrder,
) (*graph.TicketConnection, error) {
	list, err := ticketList(slice{first, after, last, before}, where, orderBy)
	if err != nil {
		return nil, err
	}
	return connection(ctx, r.db.Tickets, list)
}

// Interaction resolves Ticket.interaction.
func (r ticketResolver) Interaction(ctx context.Context, ticket *db.Ticket) (*db.Interaction, error) {
	return one(ctx, ticket, r.db.Interactions, ticketInteraction)
}

// Customer resolves Ticket.customer.
func (r ticketResolver) Customer(ctx context.Context, ticket *db.Ticket) (*db.Customer, error) {
	return one(ctx, ticket, r.db.Customers, ticketCustomer)
}

// Assignee resolves Ticket.assignee.
func (r ticketResolver) Assignee(ctx context.Context, ticket *db.Ticket) (*db.User, error) {
	return one(ctx, ticket, r.db.Users, ticketAssignee)
}

// ViewerCan resolves Ticket.viewerCan.
func (r ticketResolver) ViewerCan(ctx context.Context, ticket *db.Ticket) ([]db.TicketAction, error) {
	return ticket.ViewerCan(scopeOf(ctx)), nil
}

// AllowedTransitions resolves Ticket.allowedTransitions.
func (r ticketResolver) AllowedTransitions(ctx context.Context, ticket *db.Ticket) ([]db.TicketStatus, error) {
	return ticket.AllowedTransitions(scopeOf(ctx)), nil
}

// Deliveries resolves Ticket.deliveries.
func (r ticketResolver) Deliveries(
	ctx context.Context, ticket *db.Ticket, first *int, after *string, last *int, before *string,
) (*graph.DeliveryConnection, error) {
	list := deliveryList(slice{first, after, last, before})
	return children(ctx, ticket, ticketID, r.db.Deliveries, "entity_id", list)
}

// CreateTicket resolves Mutation.createTicket.
func (r mutationResolver) CreateTicket(
	ctx context.Context, input graph.CreateTicketInput,
) (*graph.CreateTicketPayload, error) {
	ticket, err := r.db.CreateTicket(ctx, scopeOf(ctx), db.NewTicket{
		InteractionID: input.InteractionID, Description: input.Description, Priority: input.Priority,
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
		Description: text(input.Description), Priority: change(&problems, "priority", input.Priority),
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

// AssignTicket resolves Mutation.assignTicket. Leaving the assignee out is refused: it could mean either.
func (r mutationResolver) AssignTicket(
	ctx context.Context, input graph.AssignTicketInput,
) (*graph.AssignTicketPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindTicket, input.ID)
	if !input.AssigneeID.IsSet() {
		problems.Add("input.assigneeId", "must be given; null assigns the ticket to nobody")
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
	return &graph.DeleteTicketPayload{DeletedID: input.ID}, nil
}
