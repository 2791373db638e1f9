package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// LatestSeq resolves Query.latestSeq.
func (r queryResolver) LatestSeq(ctx context.Context) (string, error) { return r.db.LatestSeq(ctx) }

// TicketChanged resolves Subscription.ticketChanged.
func (r subscriptionResolver) TicketChanged(
	ctx context.Context, where *graph.TicketWhere, after *string,
) (<-chan *graph.TicketChange, error) {
	filter, err := filterOf(where, ticketFilter)
	if err != nil {
		return nil, err
	}
	return watch(ctx, r.db.Tickets, filter, after)
}

// InteractionChanged resolves Subscription.interactionChanged.
func (r subscriptionResolver) InteractionChanged(
	ctx context.Context, where *graph.InteractionWhere, after *string,
) (<-chan *graph.InteractionChange, error) {
	filter, err := filterOf(where, interactionFilter)
	if err != nil {
		return nil, err
	}
	return watch(ctx, r.db.Interactions, filter, after)
}

// DeliveryFailed resolves Subscription.deliveryFailed.
func (r subscriptionResolver) DeliveryFailed(
	ctx context.Context, after *string,
) (<-chan *graph.DeliveryFailure, error) {
	return watch(ctx, r.db.Deliveries, store.Filter{}, after)
}

// watch subscribes the viewer to what happens to documents of a kind.
func watch[T any](
	ctx context.Context, e *db.Entities[T], where store.Filter, after *string,
) (changes <-chan *db.Change[T], err error) {
	viewer, _ := auth.ViewerFrom(ctx)
	announce := graph.AnnounceStream(ctx)
	defer func() {
		if changes == nil {
			announce() // the error
		}
	}()
	return e.Watch(ctx, viewer, db.Watch{
		Where: where, After: after, Ended: func(err error) { graph.FailStream(ctx, err) },
		Announce: announce,
	})
}
