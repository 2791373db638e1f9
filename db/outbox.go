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

// This file has the operations for package notify: events become deliveries, which are claimed, attempted and settled.
// The program itself does all of this, so nothing here takes a scope.

// Due receives a value soon after this process has made a delivery due, so that its receiver needn't wait for the next
// poll.
func (d *DB) Due() <-chan struct{} { return d.due }

// WakeDue makes the receiver of Due look for deliveries that are due.
func (d *DB) WakeDue() { d.due.Raise() }

// deliveryFailed returns the event for a failed delivery. It has no deliveries itself, so it is planned from the start.
func (d *DB) deliveryFailed(ctx context.Context, delivery *Delivery) *store.Event {
	event := d.deliveries.Event(ctx, auth.SystemScope(), verbFailed, delivery, delivery)
	event.Planned = true
	return event
}

// NewDelivery returns a delivery that is due at once, with the id derived from event, channel and account.
func (d *DB) NewDelivery(event *store.Event, channel string, account auth.AudienceKey) *Delivery {
	now := d.now()
	return &Delivery{
		ID: store.DerivedID("delivery", event.ID.String(), channel, string(account)), EventID: event.ID, EventType: event.Type,
		Seq: event.Seq, EntityID: event.Entity, Account: account, Channel: channel, Status: DeliveryPending,
		NextAttemptAt: now, CreatedAt: now,
	}
}

// ClaimDelivery claims the delivery that has been due for longest, for the time of the lease; it is NOT_FOUND if none
// is due. If the lease ends before the delivery is settled, somebody else may claim it. What the caller still has to settle, mine, is
// left out: when the clock is set forward, or the machine was asleep, those leases end at once.
func (d *DB) ClaimDelivery(ctx context.Context, lease time.Duration, mine ...store.ID) (*Delivery, error) {
	now := d.now()
	claimed := new(Delivery)
	due := []store.Filter{store.Eq("status", string(DeliveryPending)), store.Compare(store.OpLte, "next_attempt_at", now)}
	if len(mine) > 0 {
		due = append(due, store.NotIn("_id", mine))
	}
	err := d.store.Claim(ctx, Deliveries.Collection,
		store.Query{
			Where: store.And(due...),
			Sort:  []store.Sort{{Field: "next_attempt_at"}, {Field: "_id"}},
		},
		[]store.Assignment{{Field: "lease", Value: store.NewID()}, {Field: "next_attempt_at", Value: now.Add(lease)}},
		claimed)
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// RenewLease extends a claim by the time of the lease. It is NOT_FOUND if the claim was lost.
func (d *DB) RenewLease(ctx context.Context, delivery *Delivery, lease time.Duration) error {
	return d.assignClaimed(ctx, delivery, "renew the lease of", []store.Assignment{{Field: "next_attempt_at", Value: d.now().Add(lease)}})
}

// SettleSent records that a claimed delivery was sent.
func (d *DB) SettleSent(ctx context.Context, delivery *Delivery) error {
	return d.settle(ctx, delivery, []store.Assignment{
		{Field: "status", Value: string(DeliverySent)}, {Field: "sent_at", Value: d.now()},
		{Field: "last_error", Value: nil},
	})
}

// SettleRetry records why a claimed delivery wasn't sent, and that it is due again after a pause.
func (d *DB) SettleRetry(ctx context.Context, delivery *Delivery, reason string, pause time.Duration) error {
	return d.settle(ctx, delivery, []store.Assignment{
		{Field: "next_attempt_at", Value: d.now().Add(pause)}, {Field: "last_error", Value: reason},
	})
}

// SettleFailed records why a claimed delivery will never be sent.
func (d *DB) SettleFailed(ctx context.Context, delivery *Delivery, reason string) error {
	err := d.settle(ctx, delivery, []store.Assignment{
		{Field: "status", Value: string(DeliveryFailed)}, {Field: "last_error", Value: reason},
	}, d.deliveryFailed(ctx, delivery))
	if err != nil {
		return err
	}
	d.wake()
	return nil
}

// SettleKept records that a claimed delivery is kept, because there is no mail server; that is no attempt.
func (d *DB) SettleKept(ctx context.Context, delivery *Delivery) error {
	return d.assignClaimed(ctx, delivery, "keep", []store.Assignment{
		{Field: "status", Value: string(DeliveryKept)}, {Field: "last_error", Value: nil}, {Field: "held_at", Value: nil},
		{Field: "recipient", Value: delivery.Recipient}, {Field: "recipient_name", Value: delivery.RecipientName},
		{Field: "lease", Value: store.ID{}},
	})
}

// CancelDelivery records why a claimed delivery will not be sent.
func (d *DB) CancelDelivery(ctx context.Context, delivery *Delivery, reason string) error {
	return d.assignClaimed(ctx, delivery, "cancel", cancelled(reason))
}

// CancelErased records that a claimed delivery will not be sent because its account has been erased, and erases it, too: it was
// planned at that moment by a process that still knew the account.
func (d *DB) CancelErased(ctx context.Context, delivery *Delivery) error {
	return d.assignClaimed(ctx, delivery, "erase", slices.Concat(cancelled(ReasonDeleted), erasedMessage(), erasedRecipient()))
}

func cancelled(reason string) []store.Assignment {
	return []store.Assignment{
		{Field: "status", Value: string(DeliveryCancelled)}, {Field: "last_error", Value: reason},
		{Field: "held_at", Value: nil}, {Field: "lease", Value: store.ID{}},
	}
}

// settle writes the result of an attempt, the address that was tried, and since when the delivery is held.
func (d *DB) settle(ctx context.Context, delivery *Delivery, set []store.Assignment, events ...*store.Event) error {
	set = append(set,
		store.Assignment{Field: "recipient", Value: delivery.Recipient},
		store.Assignment{Field: "recipient_name", Value: delivery.RecipientName},
		store.Assignment{Field: "attempts", Value: delivery.Attempts + 1}, store.Assignment{Field: "lease", Value: store.ID{}},
		store.Assignment{Field: "held_at", Value: heldAt(delivery)},
	)
	return d.assignClaimed(ctx, delivery, "settle", set, events...)
}

// Release gives up a claim without an attempt, so that the delivery is due at once; for a worker that has to stop.
func (d *DB) Release(ctx context.Context, delivery *Delivery) error {
	return d.PostponeDelivery(ctx, delivery, d.now())
}

// assignClaimed sets fields of a claimed delivery. It is NOT_FOUND if the lease has passed to somebody else.
func (d *DB) assignClaimed(
	ctx context.Context, delivery *Delivery, verb string, set []store.Assignment, events ...*store.Event,
) error {
	err := d.store.Update(ctx, Deliveries.Collection, delivery.ID, store.Eq("lease", delivery.Lease), set, events...)
	if err != nil {
		return fmt.Errorf("cannot %s delivery %s: %w", verb, delivery.ID, err)
	}
	return nil
}

// RecentDeliveries returns the newest deliveries of a channel in any state, for the development mailbox.
func (d *DB) RecentDeliveries(ctx context.Context, limit int) ([]*Delivery, error) {
	return entity.Find[Delivery](ctx, d.store, Deliveries.Collection, store.Query{
		Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: limit,
	})
}
