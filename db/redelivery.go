package db

import (
	"context"
	"fmt"

	"crm/auth"
	"crm/db/store"
)

// Redeliver makes a delivery due at once that was given up or is waiting for its next attempt. Staff may do so if they see
// its interaction or ticket. A delivery that was sent, or is just being sent, is BAD_USER_INPUT.
func (d *DB) Redeliver(ctx context.Context, scope auth.Scope, id store.ID) (*Delivery, error) {
	delivery, err := d.VisibleDelivery(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	now := d.now()
	idle := store.Or(store.Eq("status", string(DeliveryFailed)), store.And(store.Eq("status", string(DeliveryPending)), store.Eq("lease", store.ID{})))
	err = d.store.Update(ctx, Deliveries, id, idle, []store.Assignment{
		{Field: "status", Value: string(DeliveryPending)}, {Field: "attempts", Value: 0},
		{Field: "next_attempt_at", Value: now}, {Field: "lease", Value: store.ID{}},
	})
	if store.CodeOf(err) == store.NotFound {
		return nil, store.FieldError(store.BadInput, "input.id", "is a delivery that was sent already or is just being sent")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot redeliver: %w", err)
	}
	d.wakeDue()
	delivery.Status, delivery.Attempts, delivery.NextAttemptAt = DeliveryPending, 0, now
	return delivery, nil
}

// VisibleDelivery returns a delivery whose interaction or ticket the scope sees; an admin sees also those of deleted
// ones.
func (d *DB) VisibleDelivery(ctx context.Context, scope auth.Scope, id store.ID) (*Delivery, error) {
	delivery, err := d.Deliveries.Get(ctx, scope, id)
	if err != nil || scope.SeesAll() {
		return delivery, err
	}
	_, err = d.Interactions.Get(ctx, scope, delivery.EntityID)
	if store.CodeOf(err) == store.NotFound {
		_, err = d.Tickets.Get(ctx, scope, delivery.EntityID)
	}
	if store.CodeOf(err) == store.NotFound {
		return nil, d.Deliveries.notFound()
	}
	if err != nil {
		return nil, err
	}
	return delivery, nil
}
