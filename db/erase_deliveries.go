package db

import (
	"context"

	"crm/db/entity"
	"crm/db/store"
)

// Placeholders in erased deliveries.
const (
	erasedAddress = "deleted@account.invalid"
	erasedName    = "deleted account"
)

// ReasonDeleted is why a message to a deleted account is cancelled.
const ReasonDeleted = "the recipient's account was deleted"

// cancelPending cancels the messages to an account that wait for another attempt, except those about deletions.
func (d *DB) cancelPending(ctx context.Context, t *Tombstone) error {
	waiting, err := d.deliveries.Find(ctx, store.Query{Where: store.And(
		store.Eq("account", string(t.Account)), store.Eq("status", string(DeliveryPending)), store.Eq("lease", store.ID{}),
	)})
	if err != nil {
		return err
	}
	for _, delivery := range waiting {
		if delivery.TellsOfDeletion() {
			continue
		}
		if err := ignoreNotFound(d.CancelDelivery(ctx, delivery, ReasonDeleted)); err != nil {
			return err
		}
		if err := d.HastenLater(ctx, delivery); err != nil {
			return err
		}
	}
	return nil
}

// eraseDeliveries erases the messages to an account and about the documents that were deleted with it. done is false while
// some of them are pending.
func (d *DB) eraseDeliveries(ctx context.Context, t *Tombstone, about []store.ID) (done bool, err error) {
	own, err := d.deliveriesTo(ctx, t)
	if err != nil {
		return false, err
	}
	concerned := store.Or(own, store.In("entity_id", about))
	// Counted first, so that a delivery that is sent in the meantime isn't missed.
	pending, err := d.store.Count(ctx, Deliveries.Collection, store.And(concerned, store.Eq("status", string(DeliveryPending))))
	if err != nil {
		return false, err
	}
	// The texts may have been erased with another account, which the messages were about.
	kept := store.And(
		concerned, store.Compare(store.OpNe, "status", string(DeliveryPending)),
		store.Or(
			store.Compare(store.OpNe, "subject", entity.ErasedText), store.And(own, store.Compare(store.OpNe, "recipient", erasedAddress)),
		),
	)
	_, err = d.deliveries.Each(ctx, kept, func(delivery *Delivery) error { return d.eraseDelivery(ctx, delivery, t) })
	if err != nil {
		return false, err
	}
	return pending == 0, nil
}

// deliveriesTo matches the messages to an account. Those of earlier versions name only the address, in whichever spelling, so that
// they have to be read for that.
func (d *DB) deliveriesTo(ctx context.Context, t *Tombstone) (store.Filter, error) {
	var named []store.ID
	query := store.Query{
		Where: store.And(store.Eq("account", ""), store.Compare(store.OpNe, "recipient", erasedAddress)),
		Sort:  []store.Sort{{Field: "created_at"}, {Field: "_id"}}, Limit: sweepBatch, Fields: Deliveries.Select("recipient", "created_at"),
	}
	for {
		found, err := d.deliveries.Find(ctx, query)
		if err != nil {
			return store.Filter{}, err
		}
		for _, delivery := range found {
			if t.hasAddress(delivery.Recipient) {
				named = append(named, delivery.ID)
			}
		}
		if len(found) < query.Limit {
			return store.Or(store.Eq("account", string(t.Account)), store.In("_id", named)), nil
		}
		last := found[len(found)-1]
		query.After = []any{last.CreatedAt, last.ID}
	}
}

func (d *DB) eraseDelivery(ctx context.Context, delivery *Delivery, t *Tombstone) error {
	set := append(erasedMessage(), store.Assignment{Field: "last_error", Value: nil})
	if delivery.Account == t.Account || t.hasAddress(delivery.Recipient) {
		set = append(set, erasedRecipient()...)
		if delivery.IsCopy() {
			set = append(set, store.Assignment{Field: "copy_to", Value: erasedAddress})
		}
	}
	return d.deliveries.Assign(ctx, delivery.ID, store.Filter{}, set)
}

func erasedMessage() []store.Assignment {
	return []store.Assignment{
		{Field: "subject", Value: entity.ErasedText}, {Field: "text", Value: ""}, {Field: "html", Value: ""},
	}
}

func erasedRecipient() []store.Assignment {
	return []store.Assignment{{Field: "recipient", Value: erasedAddress}, {Field: "recipient_name", Value: erasedName}}
}
