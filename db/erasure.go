package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/store"
)

// EraseDeleted erases the names and addresses of deleted accounts, and the texts of the documents that were deleted with
// them, from events and deliveries. An account is erased once all events up to its deletion are planned, and again until
// the mail about the deletion is sent; left is the number of accounts that aren't done yet. It is idempotent.
func (d *DB) EraseDeleted(ctx context.Context) (left int, err error) {
	query := store.Query{Sort: []store.Sort{{Field: "_id"}}, Limit: sweepBatch}
	var failed []error
	for {
		tombstones, err := entity.Find[Tombstone](ctx, d.store, Tombstones.Collection, query)
		if err != nil {
			return left, errors.Join(append(failed, err)...)
		}
		undone, err := d.eraseAccounts(ctx, tombstones)
		left += undone
		failed = append(failed, err)
		if len(tombstones) < query.Limit {
			return left, errors.Join(failed...)
		}
		query.After = []any{tombstones[len(tombstones)-1].ID}
	}
}

// eraseAccounts erases some accounts, and returns how many of them aren't done yet.
func (d *DB) eraseAccounts(ctx context.Context, tombstones []*Tombstone) (left int, err error) {
	deletions, err := d.deletionsOf(ctx, tombstones)
	if err != nil {
		return len(tombstones), err
	}
	var failed []error
	for _, tombstone := range tombstones {
		deletion := deletions[tombstone.Account]
		if deletion == nil {
			left++
			continue
		}
		done, err := eventlog.Guard(func() (bool, error) { return d.eraseAccount(ctx, tombstone, deletion) })
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

func (d *DB) eraseAccount(ctx context.Context, t *Tombstone, deletion *accountDeletion) (done bool, err error) {
	planned, err := d.isPlanned(ctx, deletion)
	if err != nil || !planned {
		return false, err
	}
	kept, err := d.ticketsBy(ctx, t.ID)
	if err != nil {
		return false, err
	}
	erased := slices.Concat(deletion.ids, kept)
	if err := d.cancelPending(ctx, t); err != nil {
		return false, err
	}
	if err := d.eraseEvents(ctx, erased); err != nil {
		return false, err
	}
	done, err = d.eraseDeliveries(ctx, t, erased)
	if err != nil || !done {
		return false, err
	}
	if _, err := d.purge(ctx, Tombstones.Collection, store.Eq("_id", t.ID)); err != nil {
		return false, err
	}
	return true, nil
}

// accountDeletion is what the log says about the deletion of an account.
type accountDeletion struct {
	// after is the seq of the newest event when the deletion began.
	after int
	// at is when the account itself was deleted.
	at time.Time
	// ids are those of the account and of the documents concerning it that were deleted since.
	ids []store.ID
}

// deletionsOf returns the deletions of accounts, without those that go on. Dependents that were added during a deletion are deleted after
// the account, and clocks may be set, so neither position nor time says where the deletions end that belong to it.
func (d *DB) deletionsOf(ctx context.Context, tombstones []*Tombstone) (map[auth.AudienceKey]*accountDeletion, error) {
	found := make(map[auth.AudienceKey]*accountDeletion)
	after := 0
	for _, t := range tombstones {
		at, err := d.deletedAt(ctx, t)
		if err != nil {
			return nil, err
		}
		if at.IsZero() {
			continue
		}
		if len(found) == 0 || t.LogSeq < after {
			after = t.LogSeq
		}
		found[t.Account] = &accountDeletion{after: t.LogSeq, at: at, ids: []store.ID{t.ID}}
	}
	if len(found) == 0 {
		return found, nil
	}
	// Events of different documents don't enter the log in the order in which they happened.
	if err := d.moveEvents(ctx); err != nil {
		return nil, err
	}
	for types := deletionTypes(); ; {
		events, err := d.Log.Find(ctx, store.In("type", types), after, sweepBatch, 0)
		if err != nil {
			return nil, err
		}
		for _, event := range events {
			after = event.Seq
			addDeletion(found, event)
		}
		if len(events) < sweepBatch {
			return found, nil
		}
	}
}

// addDeletion adds the deletion of a document to those of the accounts that it concerned.
func addDeletion(to map[auth.AudienceKey]*accountDeletion, event *store.Event) {
	data, err := DecodeEvent(event)
	if err != nil {
		return // data that can't be decoded isn't shown to anybody
	}
	for _, party := range data.Concerned {
		deletion := to[party.Account]
		if deletion != nil && event.Seq > deletion.after && !slices.Contains(deletion.ids[len(deletion.ids)-1:], event.Entity) {
			deletion.ids = append(deletion.ids, event.Entity)
		}
	}
}

// deletionTypes returns the types of the events that report deletions.
func deletionTypes() []string {
	var types []string
	for _, def := range catalog.All() {
		types = append(types, def.Event(entity.Deleted))
	}
	return types
}

// isPlanned reports whether nobody needs any more what is erased with an account: all events are planned that happened up to its
// deletion, or to the documents that were deleted with it. An event dated in the future was written before the clock was set back, so
// that it may have happened up to then, too.
func (d *DB) isPlanned(ctx context.Context, deletion *accountDeletion) (bool, error) {
	unplanned, err := d.store.Count(ctx, store.Events, store.And(store.Eq("planned", false), store.Or(
		store.Compare(store.OpLte, "at", deletion.at), store.Compare(store.OpGt, "at", d.now()), store.In("entity_id", deletion.ids),
	)))
	return unplanned == 0, err
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
	defer d.wake()
	return d.Log.Complete(ctx)
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
