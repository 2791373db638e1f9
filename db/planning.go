package db

import (
	"context"
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/store"
)

// UnplannedEvents returns the oldest events whose deliveries haven't been created yet, in order.
func (d *DB) UnplannedEvents(ctx context.Context, limit int) ([]*store.Event, error) {
	return d.Log.Find(ctx, store.Eq("planned", false), 0, limit, 0)
}

// Plan is an event with the deliveries that follow from it.
type Plan struct {
	Event      *store.Event
	Deliveries []*Delivery
}

// PlanDeliveries writes the deliveries of events, completes what each change should have brought to other documents, and marks
// the events as planned. After a crash or an error in between, the next call completes it without duplicates, since a
// delivery's id derives from its event, channel and recipient.
func (d *DB) PlanDeliveries(ctx context.Context, plans ...*Plan) error {
	for _, p := range plans {
		if err := d.entities.CopyChanges(ctx, p.Event); err != nil {
			return err
		}
		if err := d.followMessage(ctx, p.Event); err != nil {
			return err
		}
		if err := d.followMerge(ctx, p.Event); err != nil {
			return err
		}
		if err := d.followAttachment(ctx, p.Event); err != nil {
			return err
		}
	}
	var withdrawn []*Delivery
	var due, failed bool
	err := store.Batch(ctx, d.store, func(w store.Writer) error {
		withdrawn, due, failed = nil, false, false
		for _, p := range plans {
			inserted, err := d.writePlan(ctx, w, p)
			switch {
			case store.CodeOf(err) == store.NotFound:
				withdrawn = append(withdrawn, inserted...)
				continue
			case err != nil:
				return err
			}
			due = due || slices.ContainsFunc(p.Deliveries, func(d *Delivery) bool { return d.Status == DeliveryPending })
			failed = failed || slices.ContainsFunc(inserted, func(d *Delivery) bool { return d.Status == DeliveryFailed })
		}
		return nil
	})
	if failed {
		d.wake()
	}
	if due {
		d.WakeDue()
	}
	if err != nil {
		return err
	}
	return d.withdraw(ctx, withdrawn)
}

// writePlan inserts the deliveries of an event that don't exist, returns them, and marks the event as planned. It is NOT_FOUND
// if another process has planned the event meanwhile.
func (d *DB) writePlan(ctx context.Context, w store.Writer, p *Plan) (inserted []*Delivery, err error) {
	for _, delivery := range p.Deliveries {
		var events []*store.Event
		if delivery.Status == DeliveryFailed {
			events = []*store.Event{d.deliveryFailed(ctx, delivery)}
		}
		err := w.Insert(ctx, Deliveries.Collection, delivery, events...)
		if err != nil && store.CodeOf(err) != store.Conflict {
			return nil, fmt.Errorf("cannot plan delivery for event %s: %w", p.Event.ID, err)
		}
		if err == nil {
			inserted = append(inserted, delivery)
		}
	}
	err = w.Update(ctx, store.Events, p.Event.ID, store.Eq("planned", false), []store.Assignment{{Field: "planned", Value: true}})
	if err != nil {
		return inserted, fmt.Errorf("cannot mark event %s as planned: %w", p.Event.ID, err)
	}
	return inserted, nil
}

// withdraw removes deliveries, of an event that another process has planned meanwhile, to accounts that have been erased since
// they were looked up: nobody would erase these deliveries. Pending ones are left, since they are checked before they are sent, and
// those to nobody's account.
func (d *DB) withdraw(ctx context.Context, deliveries []*Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	deliveries = slices.DeleteFunc(deliveries, func(d *Delivery) bool { return d.Status == DeliveryPending || d.Account == "" })
	accounts := make([]auth.AudienceKey, len(deliveries))
	for i, delivery := range deliveries {
		accounts[i] = delivery.Account
	}
	found, err := d.Recipients(ctx, accounts)
	if err != nil {
		return err
	}
	for _, delivery := range deliveries {
		if _, exists := found[delivery.Account]; exists {
			continue
		}
		err := d.store.Delete(ctx, Deliveries.Collection, delivery.ID, store.Filter{})
		if err != nil && store.CodeOf(err) != store.NotFound {
			return fmt.Errorf("cannot withdraw delivery %s: %w", delivery.ID, err)
		}
	}
	d.WakeDue()
	return nil
}
