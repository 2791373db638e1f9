package db

import (
	"context"
	"fmt"
	"log/slog"

	"crm/db/entity"
	"crm/db/store"
)

// KeyState says how the keys beside the texts of a collection were made.
type KeyState struct {
	// ID is derived from the collection's name.
	ID        store.ID `db:"_id"`
	Signature string   `db:"signature"`
}

// KeyStates declares the states of keys.
var KeyStates = entity.Declare(entity.Declaration[KeyState]{Name: "key_states", Noun: "state of keys"})

// refreshKeys makes the keys of all documents again that an older version of the program, or one with other settings, has
// written.
func (d *DB) refreshKeys(ctx context.Context, log *slog.Logger) error {
	for _, def := range catalog.All() {
		if len(def.KeyFields) == 0 {
			continue
		}
		if err := d.refreshKeysOf(ctx, def, log); err != nil {
			return fmt.Errorf("cannot refresh the keys of %s: %w", def.Name, err)
		}
	}
	return nil
}

func (d *DB) refreshKeysOf(ctx context.Context, def *entity.Definition, log *slog.Logger) error {
	id, signature := store.DerivedID("keys of "+def.Name), d.entities.KeySignature(def)
	found, err := entity.Find[KeyState](ctx, d.store, KeyStates.Collection, store.Query{Where: store.Eq("_id", id), Limit: 1})
	if err != nil || len(found) > 0 && found[0].Signature == signature {
		return err
	}
	changed, err := d.entities.RefreshKeys(ctx, def)
	if err != nil {
		return err
	}
	if changed > 0 {
		log.Info("the keys of texts were made again", "collection", def.Name, "documents", changed)
	}
	if len(found) == 0 {
		err = d.store.Insert(ctx, KeyStates.Collection, &KeyState{ID: id, Signature: signature})
		if store.CodeOf(err) != store.Conflict { // another server has just written it
			return err
		}
	}
	return d.store.Update(ctx, KeyStates.Collection, id, store.Filter{}, []store.Assignment{{Field: "signature", Value: signature}})
}
