package notify

import (
	"context"
	"slices"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// This file has what customers are told of interactions that become internal, or public again. To them, one that becomes internal is
// cancelled, and one that becomes public is new.

// becameInternal reports whether a planned interaction that was still ahead has become internal.
func becameInternal(event *store.Event, data db.EventData) bool {
	before, ok := data.Former().(*db.Interaction)
	now, _ := data.Entity.(*db.Interaction)
	return ok && isAhead(before, event) && !before.Internal && now.Internal && now.Status == db.InteractionPlanned
}

// becamePublic reports whether an interaction has become public that is planned and still ahead.
func becamePublic(event *store.Event, data db.EventData) bool {
	before, ok := data.Former().(*db.Interaction)
	now, _ := data.Entity.(*db.Interaction)
	return ok && before.Internal && !now.Internal && isAhead(now, event)
}

// isAhead reports whether an interaction is planned for after the event.
func isAhead(interaction *db.Interaction, event *store.Event) bool {
	return interaction.Status == db.InteractionPlanned && interaction.StartTime.After(event.At)
}

// isToldTo reports whether a customer is told some news: only of what they see, and that something has changed or is cancelled only if
// they saw it before. What is cancelled they need not see any more.
func isToldTo(customer auth.AudienceKey, news string, data db.EventData) bool {
	switch news {
	case newsCancelled:
		return data.SawBefore(customer)
	case newsUpdated:
		return data.SawBefore(customer) && data.SeenBy(customer)
	}
	return data.SeenBy(customer)
}

// withdrawn returns the interaction of an event as its customer knew it, now cancelled, if it has become internal with this event; ok is
// false for everything else. What else has changed is hidden from the customer.
func withdrawn(account auth.AudienceKey, data db.EventData) (interaction *db.Interaction, ok bool) {
	if customer, concerned := data.AccountThatIs(string(customer)); !concerned || customer != account || data.SeenBy(account) {
		return nil, false
	}
	if interaction, ok = data.Former().(*db.Interaction); ok {
		interaction.Status = db.InteractionCancelled
	}
	return interaction, ok
}

// isHidden reports whether a delivery goes to a customer from whom its interaction or ticket is hidden by now, unless it tells them
// that an interaction is cancelled of which they were told before.
func (d *dispatcher) isHidden(ctx context.Context, delivery *db.Delivery) (bool, error) {
	hidden, err := d.db.Hides(ctx, delivery)
	if err != nil || !hidden {
		return false, err
	}
	if _, news := d.composer.newsOf(delivery); news != newsCancelled {
		return true, nil
	}
	expected, err := d.isExpected(ctx, delivery)
	return !expected, err
}

// isExpected reports whether a delivery's recipient may expect the interaction to take place that the delivery is about: unless they have
// surely got no earlier message, or one that it is cancelled. There may be no earlier one any more. One that is pending may be on its way,
// and is settled before this one is sent.
func (d *dispatcher) isExpected(ctx context.Context, delivery *db.Delivery) (bool, error) {
	related, err := d.db.RelatedDeliveries(ctx, delivery)
	if err != nil {
		return false, err
	}
	earlier := slices.DeleteFunc(related, func(other *db.Delivery) bool { return !other.Before(delivery) })
	if len(earlier) == 0 || slices.ContainsFunc(earlier, func(other *db.Delivery) bool { return other.Status == db.DeliveryPending }) {
		return true, nil
	}
	sent := slices.DeleteFunc(earlier, func(other *db.Delivery) bool { return other.Status != db.DeliverySent })
	if len(sent) == 0 {
		return false, nil
	}
	_, news := d.composer.newsOf(sent[len(sent)-1])
	return news != newsCancelled, nil
}
