package notify

import (
	"context"
	"log/slog"
	"time"

	"crm/db"
	"crm/db/eventlog"
)

// cleaner removes old data and erases deleted accounts.
type cleaner struct {
	db      *db.DB
	log     *slog.Logger
	sweeper *db.Sweeper
	// erase is raised when a deleted account can probably be erased.
	erase    eventlog.Signal
	settings settings
}

// run works until ctx is done. It sweeps at once and then every hour, and erases deleted accounts when erase is raised, and
// every minute while any are left.
func (c *cleaner) run(ctx context.Context) {
	for sweep := time.Now(); ; {
		if !time.Now().Before(sweep) {
			if err := c.sweeper.Sweep(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("cannot remove old data", "error", err)
			}
			sweep = time.Now().Add(c.settings.sweep)
		}
		pause := time.Until(sweep)
		left, err := c.db.EraseDeleted(ctx)
		if err != nil && ctx.Err() == nil {
			c.log.Error("cannot erase deleted accounts", "error", err)
		}
		if left > 0 || err != nil {
			pause = min(pause, c.settings.erase)
		}
		if !rest(ctx, pause, c.erase) {
			return
		}
	}
}
