package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Tombstone keeps the name, address and time zone of a deleted account until all mail about the deletion is sent. Without it, a
// customer whose meetings are deleted together with the account couldn't be told. See EraseDeleted.
type Tombstone struct {
	// ID is the account's.
	ID            store.ID         `db:"_id"`
	Account       auth.AudienceKey `db:"account"`
	Name          string           `db:"name"`
	Email         string           `db:"email"`
	TimeZone      *string          `db:"time_zone"`
	DeactivatedAt *time.Time       `db:"deactivated_at"`
	// LogSeq is the seq of the newest event when the deletion began.
	LogSeq int `db:"log_seq"`
}

// Tombstones belong to accounts whose deletion has begun.
var Tombstones = entity.Declare(entity.Declaration[Tombstone]{Name: "tombstones", Noun: "tombstone"})

// leaveTombstone writes the tombstone of an account, unless an interrupted deletion has already written it.
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

// hasAddress reports whether an address is that of the deleted account, which may have had none.
func (t *Tombstone) hasAddress(email string) bool {
	return t.Email != "" && SameAddress(t.Email, email)
}
