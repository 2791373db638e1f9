package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// deliveryList is newest first, and can't be filtered.
func deliveryList(s slice) db.List {
	return list[struct{}](s, store.Filter{}, nil, nil)
}

// Redeliver resolves Mutation.redeliver.
func (r mutationResolver) Redeliver(
	ctx context.Context, input graph.RedeliverInput,
) (*graph.RedeliverPayload, error) {
	id, err := parseID("input.id", db.KindDelivery, input.ID)
	if err != nil {
		return nil, err
	}
	delivery, err := r.db.Redeliver(ctx, scopeOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &graph.RedeliverPayload{Delivery: delivery}, nil
}
