package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Redeliver makes a delivery due at once that failed, was cancelled or kept, or waits for its next attempt. Staff may do so
// if they see its interaction or ticket. A delivery that was sent, is being sent or is out of date is BAD_USER_INPUT.
func (d *DB) Redeliver(ctx context.Context, scope auth.Scope, id store.ID) (*Delivery, error) {
	delivery, err := d.VisibleDelivery(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if delivery.Subject == entity.ErasedText {
		return nil, store.FieldError(store.BadInput, "input.id", "is a delivery whose text was erased with an account")
	}
	outdated, err := d.outdated(ctx, delivery)
	if err != nil {
		return nil, err
	}
	if later := outdated[id]; later != nil {
		return nil, store.FieldError(store.BadInput, "input.id", "is out of date: the recipient has got a later message, %s", later.GlobalID())
	}
	now := d.now()
	err = d.store.Update(ctx, Deliveries.Collection, id, idle(), makeDue(now))
	if store.CodeOf(err) == store.NotFound {
		return nil, store.FieldError(store.BadInput, "input.id", "is a delivery that has been sent, is being sent or is superseded")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot redeliver: %w", err)
	}
	d.WakeDue()
	delivery.Status, delivery.Attempts, delivery.NextAttemptAt = DeliveryPending, 0, now
	delivery.LastError, delivery.HeldAt = nil, nil
	return delivery, nil
}

// outdated returns, for those of the deliveries whose recipient has got a later message about the same document, the latest of
// these messages, by the delivery's id. A delivery of what somebody wrote on a ticket is never out of date.
func (d *DB) outdated(ctx context.Context, deliveries ...*Delivery) (map[store.ID]*Delivery, error) {
	var about []store.ID
	for _, delivery := range deliveries {
		about = append(about, delivery.EntityID)
	}
	sent, err := d.deliveries.Find(ctx, store.Query{
		Where:  store.And(store.In("entity_id", about), store.Eq("status", string(DeliverySent))),
		Fields: Deliveries.Select("seq", "entity_id", "account", "copy_to", "channel", "created_at"),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find later deliveries: %w", err)
	}
	latest := make(map[thread]*Delivery)
	for _, delivery := range sent {
		if last := latest[delivery.thread()]; last == nil || last.Before(delivery) {
			latest[delivery.thread()] = delivery
		}
	}
	outdated := make(map[store.ID]*Delivery)
	for _, delivery := range deliveries {
		last := latest[delivery.thread()]
		if last != nil && delivery.Account != "" && delivery.EventType != EventTicketMessageCreated && delivery.Before(last) {
			outdated[delivery.ID] = last
		}
	}
	return outdated, nil
}

// idle matches the deliveries that may be sent again: those that are neither sent nor being sent, nor erased.
func idle() store.Filter {
	return store.And(store.Compare(store.OpNe, "subject", entity.ErasedText), store.Or(
		store.In("status", []string{string(DeliveryFailed), string(DeliveryCancelled), string(DeliveryKept)}),
		store.And(store.Eq("status", string(DeliveryPending)), store.Eq("lease", store.ID{})),
	))
}

// makeDue makes a delivery due as if it had never been tried.
func makeDue(now time.Time) []store.Assignment {
	return []store.Assignment{
		{Field: "status", Value: string(DeliveryPending)}, {Field: "attempts", Value: 0},
		{Field: "next_attempt_at", Value: now}, {Field: "lease", Value: store.ID{}},
		{Field: "last_error", Value: nil}, {Field: "held_at", Value: nil},
	}
}

// RetryDelivery makes a delivery due as if it had never been tried, unless it has been sent, is being sent, or was erased.
func (d *DB) RetryDelivery(ctx context.Context, delivery *Delivery) error {
	if err := ignoreNotFound(d.deliveries.Assign(ctx, delivery.ID, idle(), makeDue(d.now()))); err != nil {
		return fmt.Errorf("cannot retry delivery %s: %w", delivery.ID, err)
	}
	d.WakeDue()
	return nil
}

// RedeliverAll makes up to limit idle deliveries that match due at once, the oldest first; only an admin may. Those of them that
// are out of date become superseded instead. left is how many there were beyond the limit.
func (d *DB) RedeliverAll(ctx context.Context, scope auth.Scope, where store.Filter, limit int) (redelivered, left int, err error) {
	if !scope.SeesAll() {
		return 0, 0, store.Errorf(store.Forbidden, "only an admin may send many messages again")
	}
	where = store.And(where, idle())
	total, err := d.deliveries.CountAll(ctx, where)
	if err != nil {
		return 0, 0, fmt.Errorf("cannot count deliveries: %w", err)
	}
	found, err := d.deliveries.Find(ctx, store.Query{
		Where: where, Sort: []store.Sort{{Field: "created_at"}, {Field: "_id"}}, Limit: limit,
	})
	if err != nil {
		return 0, 0, fmt.Errorf("cannot find deliveries: %w", err)
	}
	outdated, err := d.outdated(ctx, found...)
	if err != nil {
		return 0, 0, err
	}
	defer d.WakeDue()
	for _, delivery := range found {
		set := makeDue(d.now())
		if later := outdated[delivery.ID]; later != nil {
			set = superseded(later.ID)
		}
		err := d.deliveries.Assign(ctx, delivery.ID, idle(), set)
		switch {
		case err == nil && outdated[delivery.ID] == nil:
			redelivered++
		case err != nil && store.CodeOf(err) != store.NotFound: // else somebody has redelivered it
			return redelivered, total - redelivered, fmt.Errorf("cannot redeliver: %w", err)
		}
	}
	return redelivered, max(0, total-len(found)), nil
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
