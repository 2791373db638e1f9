package db

import (
	"context"
	"fmt"

	"crm/db/entity"
	"crm/db/store"
)

// EventTrace returns the traceparent that an event carries; empty if it has none, or doesn't exist any more.
func (d *DB) EventTrace(ctx context.Context, id store.ID) (string, error) {
	events, err := d.Log.Find(ctx, store.Eq("_id", id), 0, 1, store.Events.Select("data"))
	if err != nil {
		return "", fmt.Errorf("cannot read the event's trace: %w", err)
	}
	for _, event := range events {
		envelope, _, err := entity.DecodeEnvelope(event)
		return envelope.Trace, err
	}
	return "", nil
}
