package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// CreateInteraction resolves Mutation.createInteraction.
func (r mutationResolver) CreateInteraction(
	ctx context.Context, input graph.CreateInteractionInput,
) (*graph.CreateInteractionPayload, error) {
	interaction, err := r.db.CreateInteraction(ctx, scopeOf(ctx), db.NewInteraction{
		CustomerID: input.CustomerID, UserID: input.UserID.Value(), Kind: input.Kind, Title: input.Title,
		Description: input.Description, StartTime: input.StartTime, Location: input.Location.Value(),
		Status: input.Status, AllDay: input.AllDay, Internal: input.Internal,
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
		Status: change(problems, "status", input.Status), Internal: change(problems, "internal", input.Internal),
		AllDay: change(problems, "allDay", input.AllDay),
		UserID: problems.OptionalID("input.userId", db.KindUser, change(problems, "userId", input.UserID)),
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
	return deletedInteraction(input.ID, deleted), nil
}

// Conflicts resolves Interaction.conflicts, for all siblings at once.
func (r interactionResolver) Conflicts(ctx context.Context, obj *db.Interaction) ([]*db.Interaction, error) {
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID][]*db.Interaction](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(of []*db.Interaction) (map[store.ID][]*db.Interaction, error) {
			conflicts, err := db.Conflicts(ctx, projected(ctx, r.db.Interactions), scopeOf(ctx), of)
			addBatch(ctx, distinct(conflicts))
			return conflicts, err
		})
	}
	conflicts, err := read()
	return conflicts[obj.ID], err
}

// distinct returns the documents of all lists, each once.
func distinct[T any](lists map[store.ID][]*T) []*T {
	seen := make(map[*T]bool)
	var all []*T
	for _, list := range lists {
		for _, doc := range list {
			if !seen[doc] {
				seen[doc] = true
				all = append(all, doc)
			}
		}
	}
	return all
}
