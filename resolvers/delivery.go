package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

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

// deliveryNode reads a delivery, which is visible if its subject is.
func (r queryResolver) deliveryNode(ctx context.Context, id store.ID) (graph.Node, error) {
	return r.db.VisibleDelivery(ctx, scopeOf(ctx), id)
}

// deliveryNodes reads the visible ones of these deliveries.
func (r queryResolver) deliveryNodes(ctx context.Context, ids []store.ID) (map[store.ID]graph.Node, error) {
	visible, err := r.db.VisibleDeliveries(ctx, scopeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	nodes := make(map[store.ID]graph.Node, len(visible))
	for id, delivery := range visible {
		nodes[id] = delivery
	}
	return nodes, nil
}
