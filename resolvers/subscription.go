package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// LatestSeq resolves Query.latestSeq.
func (r queryResolver) LatestSeq(ctx context.Context) (string, error) { return r.db.LatestSeq(ctx) }

// DeliveryFailed resolves Subscription.deliveryFailed.
func (r subscriptionResolver) DeliveryFailed(
	ctx context.Context, after *string,
) (<-chan *graph.DeliveryFailure, error) {
	return watch(ctx, r.db, r.db.Deliveries, store.Filter{}, after)
}

// watch subscribes the viewer to what happens to documents of a kind.
func watch[T any](
	ctx context.Context, d *db.DB, e *entity.Reader[T], where store.Filter, after *string,
) (changes <-chan *db.Change[T], err error) {
	viewer, _ := auth.ViewerFrom(ctx)
	announce := graph.AnnounceStream(ctx)
	defer func() {
		if changes == nil {
			announce() // the error
		}
	}()
	return db.Subscribe(ctx, d, e, viewer, db.Watch{
		Where: where, After: after, Ended: func(err error) { graph.FailStream(ctx, err) },
		Announce: announce,
	})
}
