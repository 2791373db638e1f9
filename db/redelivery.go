package db

import (
	"context"
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Redeliver makes a delivery due at once that failed, was cancelled, or waits for its next attempt. Staff may do so if
// they see its interaction or ticket. A delivery that was sent, or is being sent, is BAD_USER_INPUT.
func (d *DB) Redeliver(ctx context.Context, scope auth.Scope, id store.ID) (*Delivery, error) {
	delivery, err := d.VisibleDelivery(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if delivery.Subject == entity.ErasedText {
		return nil, store.FieldError(store.BadInput, "input.id", "is a delivery whose text was erased with an account")
	}
	now := d.now()
	idle := store.Or(
		store.Eq("status", string(DeliveryFailed)), store.Eq("status", string(DeliveryCancelled)),
		store.And(store.Eq("status", string(DeliveryPending)), store.Eq("lease", store.ID{})),
	)
	err = d.store.Update(ctx, Deliveries.Collection, id, idle, []store.Assignment{
		{Field: "status", Value: string(DeliveryPending)}, {Field: "attempts", Value: 0},
		{Field: "next_attempt_at", Value: now}, {Field: "lease", Value: store.ID{}},
	})
	if store.CodeOf(err) == store.NotFound {
		return nil, store.FieldError(store.BadInput, "input.id", "is a delivery that has been sent or is being sent")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot redeliver: %w", err)
	}
	d.wakeDue()
	delivery.Status, delivery.Attempts, delivery.NextAttemptAt = DeliveryPending, 0, now
	return delivery, nil
}

// VisibleDelivery returns a delivery whose interaction or ticket the scope sees; an admin also sees those of deleted
// ones.
func (d *DB) VisibleDelivery(ctx context.Context, scope auth.Scope, id store.ID) (*Delivery, error) {
	visible, err := d.VisibleDeliveries(ctx, scope, []store.ID{id})
	if err != nil {
		return nil, err
	}
	if visible[id] == nil {
		return nil, d.Deliveries.NotFound()
	}
	return visible[id], nil
}

// VisibleDeliveries returns the deliveries with these ids whose interaction or ticket the scope sees, with at most
// three calls to the store.
func (d *DB) VisibleDeliveries(ctx context.Context, scope auth.Scope, ids []store.ID) (map[store.ID]*Delivery, error) {
	found, err := d.Deliveries.ByID(ctx, scope, ids)
	if err != nil || scope.SeesAll() || len(found) == 0 {
		return found, err
	}
	about := make([]store.ID, 0, len(found))
	for _, delivery := range found {
		if !slices.Contains(about, delivery.EntityID) {
			about = append(about, delivery.EntityID)
		}
	}
	interactions, err := d.Interactions.ByID(ctx, scope, about)
	if err != nil {
		return nil, err
	}
	tickets, err := d.Tickets.ByID(ctx, scope, about)
	if err != nil {
		return nil, err
	}
	visible := make(map[store.ID]*Delivery, len(found))
	for id, delivery := range found {
		if interactions[delivery.EntityID] != nil || tickets[delivery.EntityID] != nil {
			visible[id] = delivery
		}
	}
	return visible, nil
}
