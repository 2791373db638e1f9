package notify

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"crm/db"
	"crm/db/store"
)

// batch is how many events are moved or planned at a time.
const batch = 100

// relay moves events into the log and makes deliveries of them.
type relay struct {
	db       *db.DB
	log      *slog.Logger
	composer *composer
	planned  chan<- struct{}
	look     time.Duration
	longest  time.Duration
	// stuck holds the events that the store wouldn't plan while it did plan others, so that each is tried, and logged,
	// ever more rarely and none blocks those behind it.
	stuck map[store.ID]stuck
}

type stuck struct {
	pause time.Duration
	until time.Time
}

// run works until ctx is done. This process's own events are handled at once, those of others at the next look.
func (r *relay) run(ctx context.Context) {
	pause := r.look
	for {
		if err := r.round(ctx); err == nil {
			pause = r.look
		} else if ctx.Err() == nil {
			pause = longer(pause, r.look, r.longest)
			r.log.Error("cannot plan deliveries", "error", err, "retryIn", pause)
		}
		if !rest(ctx, pause, r.db.Written()) {
			return
		}
	}
}

// round handles all events there are. Its error is the store's.
func (r *relay) round(ctx context.Context) error {
	for {
		moved, err := r.db.MoveEvents(ctx, batch)
		if err != nil {
			return err
		}
		planned, err := r.planBatch(ctx)
		if err != nil {
			return err
		}
		if moved == 0 && planned == 0 {
			return nil
		}
	}
}

// planBatch plans the oldest events and returns how many it planned.
func (r *relay) planBatch(ctx context.Context) (planned int, err error) {
	events, err := r.db.UnplannedEvents(ctx, batch+len(r.stuck))
	if err != nil {
		return 0, err
	}
	maps.DeleteFunc(r.stuck, func(id store.ID, _ stuck) bool { // another process got it planned
		return !slices.ContainsFunc(events, func(event *store.Event) bool { return event.ID == id })
	})
	for _, event := range events {
		before, isStuck := r.stuck[event.ID]
		if isStuck && time.Now().Before(before.until) {
			continue
		}
		err := r.plan(ctx, event)
		switch {
		case err == nil:
			delete(r.stuck, event.ID)
			planned++
		case ctx.Err() != nil || store.CodeOf(err) == store.Unavailable:
			return planned, err
		default:
			pause := longer(before.pause, r.look, r.longest)
			r.stuck[event.ID] = stuck{pause: pause, until: time.Now().Add(pause)}
			r.log.Error("cannot plan event", "event", event.ID.String(), "error", err, "retryIn", pause)
		}
	}
	return planned, nil
}

// plan makes the deliveries of one event. An event that nobody can ever make sense of is logged and has none.
func (r *relay) plan(ctx context.Context, event *store.Event) error {
	deliveries, err := r.composer.compose(ctx, event)
	if errors.Is(err, errMalformedEvent) {
		r.log.Error("event tells nobody", "event", event.ID.String(), "type", event.Type, "error", err)
	} else if err != nil {
		return err
	}
	if err := r.db.PlanDeliveries(ctx, event, deliveries); err != nil {
		return err
	}
	if len(deliveries) > 0 {
		select {
		case r.planned <- struct{}{}:
		default: // the dispatcher is about to look already
		}
	}
	return nil
}
