package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// Restoration says that the store is being filled, from a backup or another store. It is written before anything else and removed
// at the end, so that a store for which that was interrupted isn't taken for a whole one.
type Restoration struct {
	ID        store.ID  `db:"_id"`
	StartedAt time.Time `db:"started_at"`
	// Command is the command that fills it.
	Command string `db:"command" default:"restore"`
}

// The commands that fill a store.
const (
	restoring = "restore"
	moving    = "move"
)

// Restorations has the only one, if there is any.
var Restorations = entity.Declare(entity.Declaration[Restoration]{Name: "restorations", Noun: "restoration"})

// errHalfFilled are the errors for a store that can't be used, by the command that was interrupted.
var errHalfFilled = map[string]error{
	restoring: errors.New("restoring a backup into this store was interrupted; run crm restore again, which starts anew"),
	moving:    errors.New("moving data into this store was interrupted; run crm move again, which goes on"),
}

func restorationID() store.ID { return store.DerivedID("restoration") }

// interrupted returns what is known about filling the store if that was interrupted; ok is false if it wasn't.
func (d *DB) interrupted(ctx context.Context) (r Restoration, ok bool, err error) {
	err = d.store.Find(ctx, Restorations.Collection, store.Query{Limit: 1}, func() store.Document {
		ok = true
		return &r
	})
	if err != nil {
		return r, false, fmt.Errorf("cannot find out whether the store is whole: %w", err)
	}
	return r, ok, nil
}

// checkWhole returns an error if filling the store was interrupted.
func (d *DB) checkWhole(ctx context.Context) error {
	r, interrupted, err := d.interrupted(ctx)
	if err != nil || !interrupted {
		return err
	}
	if err := errHalfFilled[r.Command]; err != nil {
		return err
	}
	return fmt.Errorf("this store is half filled by a command of another version: %q", r.Command)
}

// CheckRestorable returns an error if no backup may be restored into the store, because it has data.
func (d *DB) CheckRestorable(ctx context.Context) error {
	if _, interrupted, err := d.interrupted(ctx); err != nil || interrupted {
		return err
	}
	return d.checkEmpty(ctx)
}

// Restore makes an empty store that of a backup, which fill writes. What an interrupted Restore or Receive has left is removed first.
// If fill fails, the store is empty again.
func (d *DB) Restore(ctx context.Context, fill func(ctx context.Context) error) error {
	if err := d.beginFilling(ctx, restoring); err != nil {
		return err
	}
	if err := d.empty(ctx); err != nil {
		return err
	}
	if err := fill(ctx); err != nil {
		cleaning := context.WithoutCancel(ctx)
		if left := d.empty(cleaning); left != nil {
			return errors.Join(err, left) // the mark stays
		}
		return errors.Join(err, d.endFilling(cleaning))
	}
	return d.endFilling(ctx)
}

// Receive makes an empty store that of another one, which fill writes. If fill fails or is interrupted, what it has written stays, and
// the next Receive goes on from there.
func (d *DB) Receive(ctx context.Context, fill func(ctx context.Context) error) error {
	if err := d.beginFilling(ctx, moving); err != nil {
		return err
	}
	if err := fill(ctx); err != nil {
		return err
	}
	return d.endFilling(ctx)
}

// beginFilling refuses a store that has data, unless filling it was interrupted, and marks it.
func (d *DB) beginFilling(ctx context.Context, command string) error {
	r, interrupted, err := d.interrupted(ctx)
	switch {
	case err != nil:
		return err
	case interrupted && r.Command == command:
		return nil
	case interrupted:
		set := []store.Assignment{{Field: "command", Value: command}}
		if err := d.store.Update(ctx, Restorations.Collection, r.ID, store.Filter{}, set); err != nil {
			return fmt.Errorf("cannot mark the store as being filled: %w", err)
		}
		return nil
	}
	if err := d.checkEmpty(ctx); err != nil {
		return err
	}
	mark := &Restoration{ID: restorationID(), StartedAt: d.now(), Command: command}
	if err := d.store.Insert(ctx, Restorations.Collection, mark); err != nil {
		return fmt.Errorf("cannot mark the store as being filled: %w", err)
	}
	return nil
}

// checkEmpty refuses a store that has data. What the program itself has written since it was opened doesn't count.
func (d *DB) checkEmpty(ctx context.Context) error {
	for _, c := range BackedUp() {
		if c == KeyStates.Collection {
			continue
		}
		n, err := d.store.Count(ctx, c, store.Filter{})
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("this is done with an empty store only, and %s has data", c.Name)
		}
	}
	return nil
}

func (d *DB) endFilling(ctx context.Context) error {
	_, err := d.purge(ctx, Restorations.Collection, store.Filter{})
	return err
}

// empty removes all documents that a backup has.
func (d *DB) empty(ctx context.Context) error {
	for _, c := range BackedUp() {
		if _, err := d.purge(ctx, c, store.Filter{}); err != nil {
			return fmt.Errorf("cannot empty %s: %w", c.Name, err)
		}
	}
	return nil
}

// FileOwners returns the collections whose documents have files, by their ids.
func FileOwners() []*store.Collection {
	return []*store.Collection{Attachments.Collection, Uploads.Collection}
}

// BackedUp returns the collections that a backup has.
func BackedUp() []*store.Collection {
	var collections []*store.Collection
	for _, c := range Collections() {
		if c != Restorations.Collection {
			collections = append(collections, c)
		}
	}
	return collections
}
