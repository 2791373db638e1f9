package db

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Prepare makes a store ready that other programs may have written to: it waits until the store answers, fills in what
// documents of the old application lack, and builds the indexes. It says again and again that it is waiting.
func (d *DB) Prepare(ctx context.Context, wait time.Duration, log *slog.Logger) error {
	if err := d.awaitStore(ctx, wait, log); err != nil {
		return err
	}
	reports, err := d.Backfill(ctx)
	for _, report := range reports {
		log.Warn(report)
	}
	if err != nil {
		return fmt.Errorf("cannot fill in the old application's documents: %w", err)
	}
	if err := d.store.EnsureIndexes(ctx); err != nil {
		return fmt.Errorf("cannot build the indexes: %w", err)
	}
	return nil
}

func (d *DB) awaitStore(ctx context.Context, wait time.Duration, log *slog.Logger) error {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	began := time.Now()
	for {
		err := d.store.Ping(waiting)
		if err == nil {
			return nil
		}
		if waiting.Err() == nil {
			log.Warn("waiting for the database", "seconds", int(time.Since(began).Seconds()), "error", err)
		}
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("cannot reach the database yet: %w", context.Cause(ctx))
			}
			return fmt.Errorf("cannot reach the database within %s", wait)
		case <-time.After(time.Second):
		}
	}
}
