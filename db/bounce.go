package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// The address of an account counts as bouncing after so many of its messages have come back within that time.
const (
	bouncingAfter = 3
	bouncingTime  = 14 * 24 * time.Hour
)

// maxReason is how many characters are kept of why a message came back.
const maxReason = 500

// ReportBounce records that a message couldn't be delivered, as a server reported after it had accepted it. It reports false if
// there is no such message. Who knows its id has got it, or was told of it by a server that did. Doing it again does nothing new.
func (d *DB) ReportBounce(ctx context.Context, messageID, diagnostic string) (known bool, err error) {
	delivery, found, err := d.deliveryByMessage(ctx, messageID)
	if err != nil || !found {
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
	bouncing, err := d.isBouncing(ctx, delivery)
	if err != nil {
		return false, err
	}
	if bouncing && !delivery.IsCopy() {
		err = d.setBouncing(ctx, delivery.Account, delivery.Recipient)
	}
	return err == nil, err
}

// isBouncing reports whether messages to a delivery's account at its address keep coming back.
func (d *DB) isBouncing(ctx context.Context, delivery *Delivery) (bool, error) {
	returned, err := d.deliveries.Find(ctx, store.Query{
		Where: store.And(
			store.Eq("account", string(delivery.Account)), store.Compare(store.OpGt, "bounced_at", d.now().Add(-bouncingTime)),
		),
		Fields: Deliveries.Select("recipient"),
	})
	if err != nil {
		return false, err
	}
	n := 0
	for _, other := range returned {
		if SameAddress(other.Recipient, delivery.Recipient) {
			n++
		}
	}
	return n >= bouncingAfter, nil
}

// ClearBouncing removes the mark from the address of an account to which a message has been sent, unless messages still keep
// coming back. That it has been sent isn't enough: a mail server accepts messages that come back later.
func (d *DB) ClearBouncing(ctx context.Context, sent *Delivery) error {
	id, ok := customerWith(sent.Account)
	if !ok || sent.IsCopy() {
		return nil
	}
	customer, err := d.Customers.Get(ctx, auth.SystemScope(), id)
	if err != nil || customer.BouncingEmail == "" {
		return ignoreNotFound(err)
	}
	bouncing, err := d.isBouncing(ctx, sent)
	if err != nil || bouncing {
		return err
	}
	return d.setBouncing(ctx, sent.Account, "")
}

// setBouncing remembers the address of a customer that bounces, empty if none does. It does nothing for a message that was to a user,
// or to an address without an account.
func (d *DB) setBouncing(ctx context.Context, account auth.AudienceKey, email string) error {
	id, ok := customerWith(account)
	if !ok {
		return nil
	}
	_, err := d.customers.Follow(ctx, auth.SystemScope(), id, func(next *Customer) (string, error) {
		next.BouncingEmail = email
		return entity.Updated, nil
	})
	return ignoreNotFound(err)
}

// customerWith returns the id of the customer whose account it is; ok is false if it is somebody else's.
func customerWith(account auth.AudienceKey) (id store.ID, ok bool) {
	kind, id, err := ParseGlobalID(string(account))
	return id, err == nil && kind == KindCustomer
}

// Bouncing reports whether messages to the customer's address come back.
func (c *Customer) Bouncing() bool {
	return c.BouncingEmail != "" && SameAddress(c.BouncingEmail, c.Email)
}

// derive forgets that an address bounces which isn't the customer's any more.
func (c *Customer) derive() {
	if !c.Bouncing() {
		c.BouncingEmail = ""
	}
}
