package notify

import (
	"context"
	"log/slog"

	"crm/db"
)

// mover moves pending events into the log, whether or not they can be planned.
type mover struct {
	db       *db.DB
	log      *slog.Logger
	moved    chan<- struct{}
	settings settings
}

// run moves until ctx is done: this process's own events at once, those that others left behind at the next poll.
func (m *mover) run(ctx context.Context) {
	pause := m.settings.poll
	for {
		if err := m.round(ctx); err == nil {
			pause = m.settings.poll
		} else if ctx.Err() == nil {
			pause = longer(pause, m.settings.poll, m.settings.longest)
			m.log.Error("cannot move events into the log", "error", err, "retryIn", pause, stackOf(err))
		}
		if !rest(ctx, pause, m.db.Written()) {
			return
		}
	}
}

// round moves all events there are.
func (m *mover) round(ctx context.Context) error {
	for {
		moved, err := guard(func() (int, error) { return m.db.MoveEvents(ctx, batch) })
		if err != nil || moved == 0 {
			return err
		}
		select {
		case m.moved <- struct{}{}:
		default: // the planner is about to look already
		}
	}
}
