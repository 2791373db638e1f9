package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Tombstone is what is kept of a deleted account until everybody has been told of the deletion: without it, nobody could
// write to the customer whose meetings were deleted a millisecond before. See Eraser.
type Tombstone struct {
	// ID is the account's.
	ID            store.ID   `db:"_id"`
	Account       auth.Key   `db:"account"`
	Name          string     `db:"name"`
	Email         string     `db:"email"`
	DeactivatedAt *time.Time `db:"deactivated_at"`
	// LogSeq is the seq of the newest event when the deletion began.
	LogSeq int `db:"log_seq"`
}

// Tombstones are those of accounts whose deletion has begun.
var Tombstones = entity.Declare(entity.Declaration[Tombstone]{Name: "tombstones", Noun: "tombstone"})

// leaveTombstone writes the tombstone of an account. One whose deletion was cut off has it already.
func (d *DB) leaveTombstone(ctx context.Context, tombstone *Tombstone) (err error) {
	if tombstone.LogSeq, err = d.Log.Newest(ctx); err != nil {
		return err
	}
	err = d.store.Insert(ctx, Tombstones.Collection, tombstone)
	if err != nil && store.CodeOf(err) != store.Conflict {
		return fmt.Errorf("cannot write tombstone: %w", err)
	}
	return nil
}
