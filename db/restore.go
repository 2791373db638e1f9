package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// Restoration says that a backup is being restored. It is written before anything else and removed at the end, so that a store
// whose restoration was interrupted isn't taken for a whole one.
type Restoration struct {
	ID        store.ID  `db:"_id"`
	StartedAt time.Time `db:"started_at"`
}

// Restorations has the only one, if there is any.
var Restorations = entity.Declare(entity.Declaration[Restoration]{Name: "restorations", Noun: "restoration"})

// errHalfRestored is the error for a store that can't be used.
var errHalfRestored = errors.New("restoring a backup into this store was interrupted; run crm restore again, which starts anew")

func restorationID() store.ID { return store.DerivedID("restoration") }

// checkRestored returns an error if restoring a backup into the store was interrupted.
func (d *DB) checkRestored(ctx context.Context) error {
	interrupted, err := d.store.Count(ctx, Restorations.Collection, store.Filter{})
	if err != nil {
		return fmt.Errorf("cannot find out whether the store is whole: %w", err)
	}
	if interrupted > 0 {
		return errHalfRestored
	}
	return nil
}

// Restore makes an empty store that of a backup, which fill writes. What an interrupted Restore has left is removed first. If fill
// fails, the store is empty again.
func (d *DB) Restore(ctx context.Context, fill func(ctx context.Context) error) error {
	interrupted, err := d.store.Count(ctx, Restorations.Collection, store.Filter{})
	if err != nil {
		return err
	}
	if interrupted == 0 {
		if err := d.beginRestoring(ctx); err != nil {
			return err
		}
	}
	if err := d.empty(ctx); err != nil {
		return err
	}
	if err := fill(ctx); err != nil {
		cleaning := context.WithoutCancel(ctx)
		if left := d.empty(cleaning); left != nil {
			return errors.Join(err, left) // the mark stays
		}
		return errors.Join(err, d.endRestoring(cleaning))
	}
	return d.endRestoring(ctx)
}

// beginRestoring refuses a store that has data, and marks it. What the program itself has written since it was opened doesn't
// count.
func (d *DB) beginRestoring(ctx context.Context) error {
	for _, c := range BackedUp() {
		if c == KeyStates.Collection {
			continue
		}
		n, err := d.store.Count(ctx, c, store.Filter{})
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("a backup is restored into an empty store only, and this one has data in %s", c.Name)
		}
	}
	return d.store.Insert(ctx, Restorations.Collection, &Restoration{ID: restorationID(), StartedAt: d.now()})
}

func (d *DB) endRestoring(ctx context.Context) error {
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
