package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/store"
)

// Deliveries about one document to one account are sent in the order of their events, whatever delays them and however many
// workers and processes send: a worker that has claimed one sends it only if no earlier one is pending. That is safe without
// a lock, since the planner creates deliveries in that order: none that precedes a claimed one can appear later, except by
// redelivery. Package notify decides which deliveries have become pointless.

// Before reports whether a delivery precedes another one about the same document to the same account.
func (d *Delivery) Before(other *Delivery) bool {
	return cmp.Or(cmp.Compare(d.Seq, other.Seq), d.CreatedAt.Compare(other.CreatedAt)) < 0
}

// thread is what deliveries have in common that are sent in order. Those of earlier versions, without an account, have none. Copies
// for an address wait for earlier ones to that address only.
type thread struct {
	entity  store.ID
	account auth.AudienceKey
	copyTo  string
	channel string
}

func (d *Delivery) thread() thread { return thread{d.EntityID, d.Account, d.CopyTo, d.Channel} }

// RelatedDeliveries returns the other deliveries about the same document to the same account, in order, without their texts.
func (d *DB) RelatedDeliveries(ctx context.Context, delivery *Delivery) ([]*Delivery, error) {
	if delivery.Account == "" { // written by an earlier version
		return nil, nil
	}
	related, err := d.deliveries.Find(ctx, store.Query{
		Where: store.And(
			store.Eq("entity_id", delivery.EntityID), store.Eq("account", string(delivery.Account)), store.Eq("channel", delivery.Channel),
			isText("copy_to", delivery.CopyTo), store.Compare(store.OpNe, "_id", delivery.ID),
		),
		Fields: Deliveries.Select("seq", "event_id", "event_type", "entity_id", "account", "copy_to", "channel", "news", "changed", "status",
			"superseded_by", "next_attempt_at", "lease", "created_at"),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find deliveries related to %s: %w", delivery.ID, err)
	}
	slices.SortFunc(related, func(a, b *Delivery) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.CreatedAt.Compare(b.CreatedAt))
	})
	return related, nil
}

// PostponeDelivery gives up a claim without an attempt until then, because another delivery has to be sent first, or the message can't be
// prepared now.
func (d *DB) PostponeDelivery(ctx context.Context, delivery *Delivery, until time.Time) error {
	set := []store.Assignment{{Field: "next_attempt_at", Value: until}, {Field: "lease", Value: store.ID{}}}
	return d.assignClaimed(ctx, delivery, "postpone", set)
}

// HastenLater makes the next of the pending deliveries that waited for this one due at once.
func (d *DB) HastenLater(ctx context.Context, delivery *Delivery) error {
	related, err := d.RelatedDeliveries(ctx, delivery)
	if err != nil {
		return err
	}
	for _, later := range related {
		if later.Status == DeliveryPending && later.Lease.IsZero() && delivery.Before(later) {
			return d.HastenDelivery(ctx, later)
		}
	}
	return nil
}

// HastenDelivery makes a pending delivery due at once, unless it is claimed.
func (d *DB) HastenDelivery(ctx context.Context, delivery *Delivery) error {
	waiting := store.And(store.Eq("status", string(DeliveryPending)), store.Eq("lease", store.ID{}))
	set := []store.Assignment{{Field: "next_attempt_at", Value: d.now()}}
	if err := ignoreNotFound(d.deliveries.Assign(ctx, delivery.ID, waiting, set)); err != nil {
		return fmt.Errorf("cannot hasten delivery %s: %w", delivery.ID, err)
	}
	d.WakeDue()
	return nil
}

// RewriteDelivery stores the texts of a delivery that takes over what an earlier one has to tell. It is NOT_FOUND if the
// delivery was sent meanwhile, is claimed, or no longer tells what it told before, as others may have to tell something, too.
func (d *DB) RewriteDelivery(ctx context.Context, before, delivery *Delivery) error {
	unsent := store.And(
		store.Compare(store.OpNe, "status", string(DeliverySent)), store.Eq("lease", store.ID{}),
		isText("news", before.News), isText("changed", before.Changed),
	)
	return d.deliveries.Assign(ctx, delivery.ID, unsent, []store.Assignment{
		{Field: "news", Value: delivery.News}, {Field: "changed", Value: delivery.Changed},
		{Field: "subject", Value: delivery.Subject}, {Field: "text", Value: delivery.Text}, {Field: "html", Value: delivery.HTML},
	})
}

// isText matches documents whose field has that text; a missing one is empty.
func isText(field, text string) store.Filter {
	if text == "" {
		return store.Or(store.IsNull(field), store.Eq(field, text))
	}
	return store.Eq(field, text)
}

// SupersedeDelivery records that a claimed delivery won't be sent, because a later one has made it pointless.
func (d *DB) SupersedeDelivery(ctx context.Context, delivery *Delivery, by store.ID) error {
	return d.assignClaimed(ctx, delivery, "supersede", superseded(by))
}

func superseded(by store.ID) []store.Assignment {
	return []store.Assignment{
		{Field: "status", Value: string(DeliverySuperseded)}, {Field: "superseded_by", Value: by},
		{Field: "held_at", Value: nil}, {Field: "lease", Value: store.ID{}},
	}
}

// EventByID returns an event of the log. It is NOT_FOUND if the event is no longer kept.
func (d *DB) EventByID(ctx context.Context, id store.ID) (*store.Event, error) {
	events, err := d.Log.Find(ctx, store.Eq("_id", id), 0, 1, 0)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, store.Errorf(store.NotFound, "event %s is no longer kept", id)
	}
	return events[0], nil
}
