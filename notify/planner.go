package notify

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"crm/db"
	"crm/db/eventlog"
	"crm/db/store"
)

// batch is how many events are planned at a time, and writtenAtOnce how many of them are written at once. On the embedded engine,
// these writes hold the writer for up to 10 ms; during a burst of writes, they do so ten times a second. See store.Batch.
const (
	batch         = 100
	writtenAtOnce = 50
)

// planner follows the log and creates deliveries for its events. It keeps no position: each planned event is marked.
type planner struct {
	db       *db.DB
	log      *slog.Logger
	composer *composer
	// moved receives a value when there are new events in the log.
	moved <-chan struct{}
	// erase is raised when the deletion of an account is planned.
	erase    eventlog.Signal
	settings settings
	// stuck holds the events that couldn't be planned while others could. Each is tried, and logged, less and less
	// often, and blocks only later events of the same document, whose mail would overtake its own.
	stuck map[store.ID]stuck
	// blocked are the documents of the current batch's events that couldn't be planned.
	blocked map[store.ID]bool
	// left is how many events of the last batch weren't planned.
	left int
}

// stuck is how often planning an event has failed, and when it is tried again.
type stuck struct {
	attempts int
	pause    time.Duration
	until    time.Time
}

// run plans until ctx is done.
func (p *planner) run(ctx context.Context) {
	pause := p.settings.poll
	for {
		if err := p.round(ctx); err == nil {
			pause = p.settings.poll
		} else if ctx.Err() == nil {
			pause = longer(pause, p.settings.poll, p.settings.longest)
			p.log.Error("cannot plan deliveries", slog.Any("error", err), slog.Duration("retryIn", pause), eventlog.StackOf(err))
		}
		if !rest(ctx, pause, p.moved) {
			return
		}
	}
}

// round plans all unplanned events. It fails only if the store fails.
func (p *planner) round(ctx context.Context) error {
	for {
		more, err := eventlog.Guard(func() (bool, error) { return p.planBatch(ctx) })
		if err != nil || !more {
			return err
		}
	}
}

// planBatch plans the oldest events; more says that there may be later ones.
func (p *planner) planBatch(ctx context.Context) (more bool, err error) {
	limit := batch + p.left
	events, err := p.db.UnplannedEvents(ctx, limit)
	if err != nil {
		return false, err
	}
	maps.DeleteFunc(p.stuck, func(id store.ID, _ stuck) bool { // another process has planned it
		return !slices.ContainsFunc(events, func(event *store.Event) bool { return event.ID == id })
	})
	clear(p.blocked)
	var drafts []*draft
	for _, event := range events {
		if d := p.draft(event); d != nil {
			drafts = append(drafts, d)
		}
	}
	planned, err := p.plan(ctx, drafts)
	if slices.ContainsFunc(events, db.DeletesAccount) {
		p.erase.Raise()
	}
	before := p.left
	p.left = len(events) - planned
	return len(events) == limit && (planned > 0 || p.left > before), err
}

// draft returns the event's draft, nil if it is stuck or blocked.
func (p *planner) draft(event *store.Event) *draft {
	if time.Now().Before(p.stuck[event.ID].until) {
		p.blocked[event.Entity] = true
	}
	if p.blocked[event.Entity] {
		return nil
	}
	d, err := eventlog.Guard(func() (*draft, error) { return p.composer.draft(event) })
	switch {
	case err == nil:
		return d
	case errors.Is(err, errMalformedEvent):
		p.logMalformed(event, err)
		return &draft{event: event}
	}
	p.postpone(event, err)
	return nil
}

// plan creates the deliveries of the drafts and returns how many drafts were planned. It looks up what they refer to
// for all at once or, if that fails because of one of them, for each alone.
func (p *planner) plan(ctx context.Context, drafts []*draft) (planned int, err error) {
	about, err := eventlog.Guard(func() (*mailContext, error) { return p.composer.mailContext(ctx, drafts) })
	switch {
	case err == nil:
		return p.writeAll(ctx, drafts, about)
	case p.isDown(ctx, err):
		return 0, err
	case len(drafts) == 1:
		p.postpone(drafts[0].event, err)
		return 0, nil
	}
	for _, d := range drafts {
		if p.blocked[d.event.Entity] {
			continue
		}
		n, err := p.plan(ctx, []*draft{d})
		planned += n
		if err != nil {
			return planned, err
		}
	}
	return planned, nil
}

// writeAll writes the deliveries of the drafts in order, some at a time: many at once would hold up those who wait for their own
// writes.
func (p *planner) writeAll(ctx context.Context, drafts []*draft, about *mailContext) (planned int, err error) {
	for some := range slices.Chunk(drafts, writtenAtOnce) {
		plans := p.compose(some, about)
		err := p.write(ctx, plans)
		if err == nil {
			planned += len(plans)
			continue
		}
		if p.isDown(ctx, err) {
			return planned, err
		}
		n, err := p.writeEach(ctx, plans)
		planned += n
		if err != nil {
			return planned, err
		}
	}
	return planned, nil
}

// compose writes the messages about the drafts' events, except for those that are blocked or fail.
func (p *planner) compose(drafts []*draft, about *mailContext) []*db.Plan {
	var plans []*db.Plan
	for _, d := range drafts {
		if p.blocked[d.event.Entity] {
			continue
		}
		deliveries, err := eventlog.Guard(func() ([]*db.Delivery, error) { return p.composer.deliveries(d, about) })
		if errors.Is(err, errMalformedEvent) { // it has none
			p.logMalformed(d.event, err)
		} else if err != nil {
			p.postpone(d.event, err)
			continue
		}
		plans = append(plans, &db.Plan{Event: d.event, Deliveries: deliveries})
	}
	return plans
}

// write writes plans at once.
func (p *planner) write(ctx context.Context, plans []*db.Plan) error {
	_, err := eventlog.Guard(func() (any, error) { return nil, p.db.PlanDeliveries(ctx, plans...) })
	if err == nil {
		for _, plan := range plans {
			delete(p.stuck, plan.Event.ID)
		}
	}
	return err
}

// writeEach writes plans one after the other, and postpones those that fail.
func (p *planner) writeEach(ctx context.Context, plans []*db.Plan) (planned int, err error) {
	for _, plan := range plans {
		if p.blocked[plan.Event.Entity] {
			continue
		}
		err := p.write(ctx, []*db.Plan{plan})
		switch {
		case err == nil:
			planned++
		case p.isDown(ctx, err):
			return planned, err
		default:
			p.postpone(plan.Event, err)
		}
	}
	return planned, nil
}

// isDown reports whether an error has nothing to do with the current event.
func (p *planner) isDown(ctx context.Context, err error) bool {
	return ctx.Err() != nil || store.CodeOf(err) == store.Unavailable
}

// postpone schedules an event to be tried again after a pause that grows with each attempt.
func (p *planner) postpone(event *store.Event, err error) {
	p.blocked[event.Entity] = true
	s := p.stuck[event.ID]
	s.attempts++
	s.pause = longer(s.pause, p.settings.poll, p.settings.longest)
	s.until = time.Now().Add(s.pause)
	p.stuck[event.ID] = s
	p.log.Error("cannot plan event", slog.String("event", event.ID.String()), slog.String("type", event.Type),
		slog.Int("attempt", s.attempts), slog.Any("error", err), slog.Duration("retryIn", s.pause), eventlog.StackOf(err))
}

func (p *planner) logMalformed(event *store.Event, err error) {
	p.log.Error("skipped a malformed event", "event", event.ID.String(), "type", event.Type, "error", err)
}
