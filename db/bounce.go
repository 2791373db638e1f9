package db

import (
	"context"
	"fmt"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// bouncingAfter is how many of an account's messages must have come back before its address counts as bouncing.
const bouncingAfter = 3

// maxReason is how many characters are kept of why a message came back.
const maxReason = 500

// ReportBounce records that a message couldn't be delivered, as a server reported after it had accepted it. It reports false if
// there is no such message, or it wasn't sent to that address. Doing it again does nothing new.
func (d *DB) ReportBounce(ctx context.Context, messageID, diagnostic string) (known bool, err error) {
	delivery, err := d.deliveryByMessage(ctx, messageID)
	if err != nil || delivery == nil {
		return false, err
	}
	reason := shorten("the message came back: "+strings.Join(strings.Fields(strings.ToValidUTF8(diagnostic, "\uFFFD")), " "), maxReason)
	err = d.store.Update(ctx, Deliveries.Collection, delivery.ID, store.Eq("status", string(DeliverySent)), []store.Assignment{
		{Field: "status", Value: string(DeliveryFailed)}, {Field: "last_error", Value: reason}, {Field: "bounced_at", Value: d.now()},
	}, d.deliveryFailed(ctx, delivery))
	if err := ignoreNotFound(err); err != nil {
		return false, fmt.Errorf("cannot record that delivery %s came back: %w", delivery.ID, err)
	}
	d.wake()
	return true, d.markBouncing(ctx, delivery)
}

// markBouncing marks the address of an account whose messages keep coming back.
func (d *DB) markBouncing(ctx context.Context, delivery *Delivery) error {
	n, err := d.deliveries.CountAll(ctx, store.And(
		store.Eq("account", string(delivery.Account)), store.Eq("recipient", delivery.Recipient), store.Not(store.IsNull("bounced_at")),
	))
	if err != nil || n < bouncingAfter {
		return err
	}
	return d.setBouncing(ctx, delivery.Account, delivery.Recipient)
}

// setBouncing remembers the address of a customer that bounces, empty if none does.
func (d *DB) setBouncing(ctx context.Context, account auth.AudienceKey, email string) error {
	kind, id, err := ParseGlobalID(string(account))
	if err != nil || kind != KindCustomer {
		return nil //nolint:nilerr // the message was to a user, or to an address without an account
	}
	_, err = d.customers.Follow(ctx, auth.SystemScope(), id, func(next *Customer) (string, error) {
		next.BouncingEmail = email
		return entity.Updated, nil
	})
	return ignoreNotFound(err)
}

// Bouncing reports whether messages to the customer's address come back. Another address doesn't.
func (c *Customer) Bouncing() bool {
	return c.BouncingEmail != "" && strings.EqualFold(c.BouncingEmail, c.Email)
}
