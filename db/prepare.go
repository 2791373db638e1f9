package db

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"crm/db/store"
	"crm/db/textkey"
)

// Backfill makes documents that another program wrote usable, and reports in words what it could not do.
type Backfill func(ctx context.Context, s store.Store, keys *textkey.Keys) (reports []string, err error)

// Prepare prepares a store that other programs may have written to: it waits until the store answers, builds the
// unique indexes, makes the old application's documents usable, and upgrades those of earlier versions. While it waits,
// it keeps logging that.
func (d *DB) Prepare(ctx context.Context, wait time.Duration, backfill Backfill, log *slog.Logger) error {
	if err := d.awaitStore(ctx, wait, log); err != nil {
		return err
	}
	if err := d.store.EnsureConstraints(ctx); err != nil {
		return fmt.Errorf("cannot build the unique indexes: %w", err)
	}
	reports, err := backfill(ctx, d.engine, d.entities.Keys)
	for _, report := range reports {
		log.Warn(report)
	}
	if err != nil {
		return fmt.Errorf("cannot adapt the old application's documents: %w", err)
	}
	return d.Upgrade(ctx, log)
}

// Upgrade gives the documents of earlier versions what they lack: numbers, titles and keys. It may be interrupted and called
// again. Until it is done, some documents aren't found or are out of order. It refuses a store that is half filled.
func (d *DB) Upgrade(ctx context.Context, log *slog.Logger) error {
	if !d.options.Filling {
		if err := d.checkWhole(ctx); err != nil {
			return err
		}
	}
	if err := d.completeTickets(ctx); err != nil {
		return fmt.Errorf("cannot number the tickets of an earlier version: %w", err)
	}
	return d.refreshKeys(ctx, log)
}

// BuildIndexes builds the missing indexes of a new store, or of a store that an older version of the program has used.
// It tries until it succeeds or ctx ends. The server can serve meanwhile, but is slower without them.
func (d *DB) BuildIndexes(ctx context.Context, log *slog.Logger) {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := d.buildIndexes(ctx, log)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Error("cannot build the indexes yet", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (d *DB) buildIndexes(ctx context.Context, log *slog.Logger) error {
	missing, err := d.store.MissingIndexes(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if len(missing) > 0 {
		log.Info("building indexes; until that is done, some queries and writes take longer", "indexes", missing)
	}
	if err := d.store.EnsureIndexes(ctx); err != nil {
		return err
	}
	if len(missing) > 0 {
		log.Info("the indexes are built", "seconds", int(time.Since(began).Seconds()))
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
