package db

import (
	"context"
	"fmt"

	"crm/db/entity"
	"crm/db/store"
)

// Counter remembers the highest number of an entity's documents, so that the number of a deleted one isn't used again.
type Counter struct {
	ID    store.ID `db:"_id"`
	Value int      `db:"value"`
}

// Counters has one counter for each entity whose documents are numbered and were deleted.
var Counters = entity.Declare(entity.Declaration[Counter]{Name: "counters", Noun: "counter"})

// numbers implements entity.Numbers.
type numbers struct{ store store.Store }

func counterOf(name string) store.ID { return store.DerivedID("counter", name) }

// Highest implements entity.Numbers.
func (n numbers) Highest(ctx context.Context, name string) (int, error) {
	found, err := entity.First[Counter](ctx, n.store, Counters.Collection, store.Query{Where: store.Eq("_id", counterOf(name))})
	if err != nil {
		return 0, ignoreNotFound(err)
	}
	return found.Value, nil
}

// Raise implements entity.Numbers.
func (n numbers) Raise(ctx context.Context, name string, number int) error {
	if known, err := n.Highest(ctx, name); err != nil || known >= number {
		return err
	}
	err := n.store.Insert(ctx, Counters.Collection, &Counter{ID: counterOf(name), Value: number})
	if err == nil {
		return nil
	}
	if store.CodeOf(err) != store.Conflict {
		return fmt.Errorf("cannot begin counter of %s: %w", name, err)
	}
	err = n.store.Update(ctx, Counters.Collection, counterOf(name), store.Compare(store.OpLt, "value", number),
		[]store.Assignment{{Field: "value", Value: number}})
	if err != nil && store.CodeOf(err) != store.NotFound { // a higher number is remembered
		return fmt.Errorf("cannot raise counter of %s: %w", name, err)
	}
	return nil
}
