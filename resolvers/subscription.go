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
) (<-chan *live.Change[T], error) {
	return subscribe(ctx, d, e, live.Watch{Where: where, After: after})
}

// subscribe subscribes the viewer to what a watch describes.
func subscribe[T any](ctx context.Context, d *db.DB, e *entity.Reader[T], w live.Watch) (<-chan *live.Change[T], error) {
	viewer, _ := auth.ViewerFrom(ctx)
	announce := stream.Announce(ctx)
	w.Ended, w.Announce = func(err error) { stream.Fail(ctx, err) }, announce
	changes, err := db.Subscribe(ctx, d, e, viewer, w)
	if err != nil {
		announce(1) // announce the error
		return nil, err
	}
	queue := &changeQueue[T]{changes: changes, delivered: make(chan *live.Change[T], 1), key: graph.SharingKey(ctx)}
	if !stream.Serve(ctx, queue) {
		return changes, nil
	}
	return queue.delivered, nil
}

// changeQueue implements stream.Queue. It encodes a change once for all subscriptions with the same key.
type changeQueue[T any] struct {
	changes   <-chan *live.Change[T]
	delivered chan *live.Change[T]
	key       any
	taken     *live.Change[T]
}

// Next implements stream.Queue.
func (q *changeQueue[T]) Next(ctx context.Context, wait func()) bool {
	change, ok := <-q.changes
	if !ok {
		return false
	}
	q.taken = change.Current(ctx, wait)
	return true
}

// Encoded implements stream.Queue.
func (q *changeQueue[T]) Encoded(ctx context.Context, wait func(), encode func() (response []byte, shared bool)) []byte {
	return q.taken.Encodings().Get(ctx, q.key, wait, encode)
}

// Deliver implements stream.Queue.
func (q *changeQueue[T]) Deliver() { q.delivered <- q.taken }
