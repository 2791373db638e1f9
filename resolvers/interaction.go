package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

func interactionID(i *db.Interaction) store.ID { return i.ID }

func interactionUser(i *db.Interaction) (store.ID, bool) { return i.UserID, true }

func interactionCustomer(i *db.Interaction) (store.ID, bool) { return i.CustomerID, true }

// Interaction resolves Query.interaction.
func (r queryResolver) Interaction(ctx context.Context, id string) (*db.Interaction, error) {
	return get(ctx, r.db.Interactions, db.KindInteraction, "id", id)
}

// Interactions resolves Query.interactions.
func (r queryResolver) Interactions(
	ctx context.Context, first *int, after *string, last *int, before *string,
	where *graph.InteractionWhere, orderBy []*graph.InteractionOrder,
) (*graph.InteractionConnection, error) {
	list, err := interactionList(slice{first, after, last, before}, where, orderBy)
	if err != nil {
		return nil, err
	}
	return connection(ctx, r.db.Interactions, list)
}

// User resolves Interaction.user.
func (r interactionResolver) User(ctx context.Context, interaction *db.Interaction) (*db.User, error) {
	return one(ctx, interaction, r.db.Users, interactionUser)
}

// Customer resolves Interaction.customer.
func (r interactionResolver) Customer(ctx context.Context, interaction *db.Interaction) (*db.Customer, error) {
	return one(ctx, interaction, r.db.Customers, interactionCustomer)
}

// ViewerCan resolves Interaction.viewerCan.
func (r interactionResolver) ViewerCan(
	ctx context.Context, interaction *db.Interaction,
) ([]db.InteractionAction, error) {
	return interaction.ViewerCan(scopeOf(ctx)), nil
}

// Tickets resolves Interaction.tickets.
func (r interactionResolver) Tickets(
	ctx context.Context, interaction *db.Interaction, first *int, after *string, last *int, before *string,
	where *graph.TicketWhere, orderBy []*graph.TicketOrder,
) (*graph.TicketConnection, error) {
	list, err := ticketList(slice{first, after, last, before}, where, orderBy)
	if err != nil {
		return nil, err
	}
	return children(ctx, interaction, interactionID, r.db.Tickets, "interaction_id", list)
}

// Deliveries resolves Interaction.deliveries.
func (r interactionResolver) Deliveries(
	ctx context.Context, interaction *db.Interaction, first *int, after *string, last *int, before *string,
) (*graph.DeliveryConnection, error) {
	list := deliveryList(slice{first, after, last, before})
	return children(ctx, interaction, interactionID, r.db.Deliveries, "entity_id", list)
}

// CreateInteraction resolves Mutation.createInteraction.
func (r mutationResolver) CreateInteraction(
	ctx context.Context, input graph.CreateInteractionInput,
) (*graph.CreateInteractionPayload, error) {
	interaction, err := r.db.CreateInteraction(ctx, scopeOf(ctx), db.NewInteraction{
		CustomerID: input.CustomerID, UserID: input.UserID.Value(), Kind: input.Kind, Title: input.Title,
		Description: input.Description, StartTime: input.StartTime, Location: input.Location.Value(),
		End: &db.End{Time: input.EndTime.Value(), Minutes: input.DurationMinutes.Value()},
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateInteractionPayload{Interaction: interaction}, nil
}

// UpdateInteraction resolves Mutation.updateInteraction.
func (r mutationResolver) UpdateInteraction(
	ctx context.Context, input graph.UpdateInteractionInput,
) (*graph.UpdateInteractionPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindInteraction, input.ID)
	changes := interactionChanges(input, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	interaction, err := r.db.UpdateInteraction(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), changes)
	if err != nil {
		return nil, err
	}
	return &graph.UpdateInteractionPayload{Interaction: interaction}, nil
}

func interactionChanges(input graph.UpdateInteractionInput, problems *db.Problems) db.InteractionChanges {
	changes := db.InteractionChanges{
		Kind: change(problems, "kind", input.Kind), Title: text(input.Title), Description: text(input.Description),
		StartTime: change(problems, "startTime", input.StartTime), Location: clearable(input.Location),
		Status: change(problems, "status", input.Status),
	}
	if input.EndTime.IsSet() || input.DurationMinutes.IsSet() {
		changes.End = &db.End{Time: input.EndTime.Value(), Minutes: input.DurationMinutes.Value()}
	}
	return changes
}

// CancelInteraction resolves Mutation.cancelInteraction.
func (r mutationResolver) CancelInteraction(
	ctx context.Context, input graph.CancelInteractionInput,
) (*graph.CancelInteractionPayload, error) {
	id, err := parseID("input.id", db.KindInteraction, input.ID)
	if err != nil {
		return nil, err
	}
	interaction, err := r.db.CancelInteraction(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value())
	if err != nil {
		return nil, err
	}
	return &graph.CancelInteractionPayload{Interaction: interaction}, nil
}

// DeleteInteraction resolves Mutation.deleteInteraction.
func (r mutationResolver) DeleteInteraction(
	ctx context.Context, input graph.DeleteInteractionInput,
) (*graph.DeleteInteractionPayload, error) {
	id, err := parseID("input.id", db.KindInteraction, input.ID)
	if err != nil {
		return nil, err
	}
	deleted, err := r.db.DeleteInteraction(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), input.Cascade)
	if err != nil {
		return nil, err
	}
	return &graph.DeleteInteractionPayload{DeletedID: input.ID, DeletedTickets: deleted.Tickets}, nil
}
