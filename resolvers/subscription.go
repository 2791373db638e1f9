package resolvers

import (
	"context"
	"strconv"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/live"
	"crm/db/store"
	"crm/graph"
	"crm/graph/stream"
)

// LatestSeq resolves Query.latestSeq.
func (r queryResolver) LatestSeq(ctx context.Context) (string, error) {
	newest, err := r.db.Log.Newest(ctx)
	return strconv.Itoa(newest), err
}

// DeliveryFailed resolves Subscription.deliveryFailed.
func (r subscriptionResolver) DeliveryFailed(
	ctx context.Context, after *string,
) (<-chan *graph.DeliveryFailure, error) {
	return watch(ctx, r.db, r.db.Deliveries, store.Filter{}, after)
}

// watch subscribes the viewer to changes of documents of a kind.
func watch[T any](
	ctx context.Context, d *db.DB, e *entity.Reader[T], where store.Filter, after *string,
) (changes <-chan *live.Change[T], err error) {
	viewer, _ := auth.ViewerFrom(ctx)
	announce := stream.Announce(ctx)
	defer func() {
		if changes == nil {
			announce() // announce the error
		}
	}()
	return db.Subscribe(ctx, d, e, viewer, live.Watch{
		Where: where, After: after, Ended: func(err error) { stream.Fail(ctx, err) },
		Announce: announce,
	})
}
