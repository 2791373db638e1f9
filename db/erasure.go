package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/store"
)

// Placeholders in erased deliveries.
const (
	erasedAddress = "deleted@account.invalid"
	erasedName    = "deleted account"
)

// ReasonDeleted is why a message to a deleted account is cancelled.
const ReasonDeleted = "the recipient's account was deleted"

// EraseDeleted erases the names and addresses of deleted accounts, and the texts of the documents that were deleted with
// them, from events and deliveries. An account is erased once all events up to its deletion are planned, and again until
// the mail about the deletion is sent; left is the number of accounts that aren't done yet. It is idempotent.
func (d *DB) EraseDeleted(ctx context.Context) (left int, err error) {
	tombstones, err := entity.Find[Tombstone](ctx, d.store, Tombstones.Collection, store.Query{Limit: sweepBatch})
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, tombstone := range tombstones {
		done, err := eventlog.Guard(func() (bool, error) { return d.eraseAccount(ctx, tombstone) })
		if err != nil {
			failed = append(failed, fmt.Errorf("cannot erase account %s: %w", tombstone.Account, err))
		}
		if !done {
			left++
		}
	}
	return left, errors.Join(failed...)
}

// DeletesAccount reports whether an event is the deletion of an account.
func DeletesAccount(event *store.Event) bool {
	def, _ := catalog.ByEvent(event.Type)
	return (def == Users || def == Customers) && IsDeletion(event.Type)
}

func (d *DB) eraseAccount(ctx context.Context, t *Tombstone) (done bool, err error) {
	deleted, err := d.deletedWith(ctx, t)
	if err != nil || len(deleted) == 0 {
		return false, err
	}
	kept, err := d.ticketsBy(ctx, t.ID)
	if err != nil {
		return false, err
	}
	deleted = append(deleted, kept...)
	if err := d.cancelPending(ctx, t); err != nil {
		return false, err
	}
	if err := d.eraseEvents(ctx, deleted); err != nil {
		return false, err
	}
	done, err = d.eraseDeliveries(ctx, t, deleted)
	if err != nil || !done {
		return false, err
	}
	if _, err := d.purge(ctx, Tombstones.Collection, store.Eq("_id", t.ID)); err != nil {
		return false, err
	}
	return true, nil
}

// deletedWith returns the ids of the documents that were deleted with an account, and its own. It returns none before the
// account's deletion is complete and all events up to it are planned.
func (d *DB) deletedWith(ctx context.Context, t *Tombstone) ([]store.ID, error) {
	deletedAt, err := d.deletedAt(ctx, t)
	if err != nil || deletedAt.IsZero() {
		return nil, err
	}
	// Events of different documents don't enter the log in the order in which they happened.
	if err := d.moveEvents(ctx); err != nil {
		return nil, err
	}
	unplanned, err := d.store.Count(ctx, store.Events,
		store.And(store.Eq("planned", false), store.Compare(store.OpLte, "at", deletedAt)))
	if err != nil || unplanned > 0 {
		return nil, err
	}
	return d.deletedUntil(ctx, t, deletedAt)
}

// deletedAt returns when an account was deleted; it is zero while the deletion goes on.
func (d *DB) deletedAt(ctx context.Context, t *Tombstone) (time.Time, error) {
	own, err := d.Log.Find(ctx, store.Eq("entity_id", t.ID), t.LogSeq, 0, 0)
	if err != nil {
		return time.Time{}, err
	}
	if i := slices.IndexFunc(own, DeletesAccount); i >= 0 {
		return own[i].At, nil
	}
	return time.Time{}, nil
}

// moveEvents moves all pending events into the log.
func (d *DB) moveEvents(ctx context.Context) error {
	for {
		moved, err := d.store.MoveEvents(ctx, sweepBatch)
		if err != nil {
			return fmt.Errorf("cannot move events: %w", err)
		}
		if moved == 0 {
			return nil
		}
		d.wake()
	}
}

// deletedUntil returns the account's id and the ids of the documents concerning it that were deleted between the beginning of
// its deletion and its end.
func (d *DB) deletedUntil(ctx context.Context, t *Tombstone, end time.Time) ([]store.ID, error) {
	deleted := []store.ID{t.ID}
	for seq := t.LogSeq; ; {
		events, err := d.Log.Find(ctx, store.Filter{}, seq, sweepBatch, 0)
		if err != nil {
			return nil, err
		}
		for _, event := range events {
			seq = event.Seq
			if !IsDeletion(event.Type) || event.At.After(end) {
				continue
			}
			data, err := DecodeEvent(event)
			if err == nil && slices.ContainsFunc(data.Concerned, func(p entity.Party) bool { return p.Account == t.Account }) {
				deleted = append(deleted, event.Entity)
			}
		}
		if len(events) < sweepBatch {
			return deleted, nil
		}
	}
}

// eraseEvents erases the texts in the events of deleted documents.
func (d *DB) eraseEvents(ctx context.Context, ids []store.ID) error {
	for after := 0; ; {
		events, err := d.Log.Find(ctx, store.In("entity_id", ids), after, sweepBatch, 0)
		if err != nil {
			return err
		}
		for _, event := range events {
			after = event.Seq
			data, err := erasedData(event)
			if err != nil || data == event.Data {
				continue // data that can't be decoded isn't shown to anybody
			}
			set := []store.Assignment{{Field: "data", Value: data}}
			if err := d.store.Update(ctx, store.Events, event.ID, store.Filter{}, set); err != nil && store.CodeOf(err) != store.NotFound {
				return err
			}
		}
		if len(events) < sweepBatch {
			return nil
		}
	}
}

// erasedData returns an event's data without its texts.
func erasedData(event *store.Event) (string, error) {
	def, _ := catalog.ByEvent(event.Type)
	if def == nil {
		return event.Data, nil
	}
	data, ok, err := def.EraseEvent(event)
	if err != nil || ok {
		return data, err
	}
	return eraseOldEvent(event, def)
}

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
