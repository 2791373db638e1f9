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

// maxRedelivered is how many messages one call may send again.
const maxRedelivered = 1000

// RedeliverFailed resolves Mutation.redeliverFailed.
func (r mutationResolver) RedeliverFailed(
	ctx context.Context, input graph.RedeliverFailedInput,
) (*graph.RedeliverFailedPayload, error) {
	where := input.Where.Value()
	filter, problems := filterAt("input.where", where, deliveryFilter)
	if where == nil || !where.Status.IsSet() {
		filter = store.And(filter, store.Eq("status", string(db.DeliveryFailed)))
	}
	if input.First < 1 || input.First > maxRedelivered {
		problems.Add("input.first", "must be from 1 to %d, not %d", maxRedelivered, input.First)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	redelivered, remaining, err := r.db.RedeliverAll(ctx, scopeOf(ctx), filter, input.First)
	if err != nil {
		return nil, err
	}
	return &graph.RedeliverFailedPayload{Redelivered: redelivered, Remaining: remaining}, nil
}

// MailHealth resolves Query.mailHealth.
func (r queryResolver) MailHealth(ctx context.Context) (*db.MailHealth, error) {
	return r.db.MailHealth(ctx, scopeOf(ctx))
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
