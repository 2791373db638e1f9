package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/store"
)

// MailHealth is how sending mail is going.
type MailHealth struct {
	// Pending, Held, Failed and Kept count messages. Held are the pending ones that the mail server refuses for a reason
	// that the operator can mend.
	Pending, Held, Failed, Kept int
	// HeldSince is since when there are held messages, and Problem is what the mail server said about one of them; nil
	// if there are none.
	HeldSince *time.Time
	Problem   *string
}

// held matches the deliveries that wait for the operator.
func held() store.Filter {
	return store.And(store.Eq("status", string(DeliveryPending)), store.Not(store.IsNull("held_at")))
}

// MailHealth returns how sending mail is going, for an admin.
func (d *DB) MailHealth(ctx context.Context, scope auth.Scope) (*MailHealth, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may see how sending mail is going")
	}
	health := new(MailHealth)
	for _, part := range []struct {
		where store.Filter
		into  *int
	}{
		{store.Eq("status", string(DeliveryPending)), &health.Pending},
		{held(), &health.Held},
		{store.Eq("status", string(DeliveryFailed)), &health.Failed},
		{store.Eq("status", string(DeliveryKept)), &health.Kept},
	} {
		var err error
		if *part.into, err = d.deliveries.CountAll(ctx, part.where); err != nil {
			return nil, fmt.Errorf("cannot count deliveries: %w", err)
		}
	}
	first, err := d.deliveries.Find(ctx, store.Query{Where: held(), Sort: []store.Sort{{Field: "held_at"}, {Field: "_id"}}, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("cannot find held deliveries: %w", err)
	}
	for _, delivery := range first {
		health.HeldSince, health.Problem = delivery.HeldAt, delivery.LastError
	}
	return health, nil
}

// RetryHeld makes the held deliveries due at once, for an operator who has restarted the program to mend their cause.
func (d *DB) RetryHeld(ctx context.Context) error {
	now := d.now()
	waiting := store.And(held(), store.Eq("lease", store.ID{}), store.Compare(store.OpGt, "next_attempt_at", now))
	due := []store.Assignment{{Field: "next_attempt_at", Value: now}}
	_, err := d.deliveries.Each(ctx, waiting, func(delivery *Delivery) error {
		return ignoreNotFound(d.deliveries.Assign(ctx, delivery.ID, waiting, due))
	})
	if err != nil {
		return fmt.Errorf("cannot retry held deliveries: %w", err)
	}
	return nil
}

func heldAt(delivery *Delivery) any {
	if delivery.HeldAt == nil {
		return nil
	}
	return *delivery.HeldAt
}
