package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"crm/db"
	"crm/db/eventlog"
)

// cleaner removes old data and erases deleted accounts.
type cleaner struct {
	db       *db.DB
	sweeper  *db.Sweeper
	settings settings
	// swept is when old data was last removed.
	swept time.Time
}

// newCleaner returns the cleaner as a follower. erase is raised when a deleted account can probably be erased; while any are
// left, the cleaner tries again every minute.
func newCleaner(d *db.DB, log *slog.Logger, erase eventlog.Signal, s settings) *eventlog.Follower {
	c := &cleaner{db: d, sweeper: d.NewSweeper(), settings: s}
	pauses := eventlog.Pauses{Shortest: s.erase, Idle: s.sweep, Failing: s.sweep}
	return eventlog.NewFollower("remove old data", log, pauses, erase, c.round)
}

// round erases what can be erased, and removes old data every hour.
func (c *cleaner) round(ctx context.Context, _ bool) (eventlog.Outcome, error) {
	left, err := c.db.EraseDeleted(ctx)
	if time.Since(c.swept) >= c.settings.sweep {
		swept := c.sweeper.Sweep(ctx)
		if swept == nil {
			c.swept = time.Now()
		}
		err = errors.Join(err, swept)
	}
	switch {
	case err != nil:
		return eventlog.Quiet, err
	case left > 0:
		return eventlog.Active, nil
	}
	return eventlog.Quiet, nil
}
