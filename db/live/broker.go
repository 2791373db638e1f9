// Package live publishes changes to subscribers. A Broker reads the log of events once for all of this process's
// subscribers; subscribers who see the same form a group, for which the documents concerned are loaded once.
package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// pollPause is how often the broker polls for events of other processes while there are subscribers.
const pollPause = 250 * time.Millisecond

// longestPause is the longest pause between two tries while the store fails.
const longestPause = 5 * time.Second

// With manyStreams or more, the broker pauses between two publications, pausePerStream for each. Otherwise it would spend all
// its time on publishing single changes to thousands of streams, and each of them would write every change by itself.
const (
	manyStreams    = 1000
	pausePerStream = 2 * time.Microsecond
)

// eventBatch is how many events are read at a time.
const eventBatch = 256

// Log is the log of events; see eventlog.Log.
type Log interface {
	After(ctx context.Context, seq, limit int) ([]*store.Event, error)
	Position(ctx context.Context, after *string) (at, newest int, err error)
}

// Decode returns the change events of an event: that of its document, unless nobody can subscribe to its kind, and those of
// documents that accounts see through it.
type Decode func(event *store.Event) []*ChangeEvent

// Broker follows the log of events for all subscribers of this process, and reads nothing while there are none. See
// Subscribe.
type Broker struct {
	log      *slog.Logger
	events   Log
	sessions Sessions
	decode   Decode
	woken    eventlog.Signal
	panics   atomic.Int64

	mutex sync.Mutex
	// at is the seq up to which everything has been published to all live streams.
	at     int
	groups map[groupKey]subscriberGroup
	// streams are all streams, live or still replaying events that they missed.
	streams map[subscriber]struct{}
	// closed is the reason why nobody can subscribe any more.
	closed error

	// sessionsChecked is when the sessions of the subscribers were last checked, and sessionChanges is Sessions.Changes
	// at that time. Only Run uses them.
	sessionsChecked time.Time
	sessionChanges  int
	// published is when changes were last published. Only Run uses it.
	published time.Time
}

// NewBroker returns a broker without subscribers; see Run.
func NewBroker(events Log, sessions Sessions, decode Decode, log *slog.Logger) *Broker {
	return &Broker{
		log: log, events: events, sessions: sessions, decode: decode, woken: eventlog.NewSignal(),
		groups: make(map[groupKey]subscriberGroup), streams: make(map[subscriber]struct{}),
	}
}

// Wake makes the broker check for events and ended sessions at once. It never blocks.
func (b *Broker) Wake() { b.woken.Raise() }

// Panics returns how many panics were recovered while an event was handled.
func (b *Broker) Panics() int64 { return b.panics.Load() }

// Subscriptions returns how many subscriptions there are.
func (b *Broker) Subscriptions() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.streams)
}

// Run publishes changes until ctx is done; then it ends all streams.
func (b *Broker) Run(ctx context.Context) {
	defer b.close(store.Errorf(store.Unavailable, "the server is stopping; subscribe again after the last seq"))
	pauses := eventlog.Pauses{Shortest: pollPause, Idle: pollPause, Failing: longestPause}
	eventlog.NewFollower("publish events to subscribers", b.log, pauses, b.woken, b.round).Run(ctx)
}

// round publishes all new events, and ends all streams if events are missing in the log.
func (b *Broker) round(ctx context.Context, _ bool) (eventlog.Outcome, error) {
	if b.idle() {
		return eventlog.Dormant, nil
	}
	err := b.publishAll(ctx)
	if store.CodeOf(err) == store.EventsExpired {
		b.log.ErrorContext(ctx, "events are missing in the log", "error", err)
		b.endAll(err)
		return eventlog.Quiet, nil
	}
	return eventlog.Quiet, err
}

func (b *Broker) idle() bool { return b.Subscriptions() == 0 }

// publishAll ends the streams whose sessions have ended, and publishes all new events to the others.
func (b *Broker) publishAll(ctx context.Context) error {
	for {
		if err := b.endStreamsOfEndedSessions(ctx); err != nil {
			return err
		}
		if b.pause(ctx) {
			continue // more sessions may have ended
		}
		from, live := b.position()
		if !live {
			return nil
		}
		events, err := b.events.After(ctx, from, eventBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := b.publish(ctx, from, events); err != nil {
			return err
		}
		b.published = time.Now()
		if len(events) < eventBatch {
			return nil
		}
	}
}

// pause waits until enough time has passed since the last publication, and reports whether that took time.
func (b *Broker) pause(ctx context.Context) (waited bool) {
	streams := b.Subscriptions()
	left := time.Duration(streams)*pausePerStream - time.Since(b.published)
	if streams < manyStreams || left <= 0 {
		return false
	}
	wait := time.NewTimer(left)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	return true
}

// position returns the seq up to which everything has been published to the live streams; live is false if there are none.
func (b *Broker) position() (at int, live bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.at, len(b.groups) > 0
}

// publish publishes the events after from to all live streams. The groups load without the lock; a group added
// meanwhile loads, too, before anything is published.
func (b *Broker) publish(ctx context.Context, from int, events []*store.Event) error {
	changes := b.changeEvents(ctx, events)
	loaded := make(map[subscriberGroup]func())
	for {
		missing, published := b.publishLoaded(from, events[len(events)-1].Seq, loaded)
		if published {
			return nil
		}
		for _, group := range missing {
			publish, err := group.load(ctx, changes)
			switch {
			case err == nil:
			case ctx.Err() != nil || store.CodeOf(err) == store.Unavailable:
				return err
			default: // its filter can't be evaluated, which doesn't affect the others
				publish = func() { group.end(err) }
			}
			loaded[group] = publish
		}
	}
}

// publishLoaded publishes to all groups once all of them have loaded; until then it returns those that haven't.
func (b *Broker) publishLoaded(from, through int, loaded map[subscriberGroup]func()) (missing []subscriberGroup, published bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.at != from {
		return nil, true // for a moment there was no live stream, and the current ones begin elsewhere
	}
	for _, group := range b.groups {
		if loaded[group] == nil {
			missing = append(missing, group)
		}
	}
	if len(missing) > 0 {
		return missing, false
	}
	for _, group := range b.groups {
		loaded[group]()
	}
	b.at = through
	return nil, true
}

// endAll ends all streams.
func (b *Broker) endAll(err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for s := range b.streams {
		s.end(err)
	}
}

func (b *Broker) close(err error) {
	b.mutex.Lock()
	b.closed = err
	b.mutex.Unlock()
	b.endAll(err)
}

// recovered logs and counts a panic that was recovered while an event was handled.
func (b *Broker) recovered(ctx context.Context, event *store.Event, err error) {
	b.log.LogAttrs(ctx, slog.LevelError, "cannot handle an event for subscribers",
		slog.String("event", event.ID.String()), slog.String("type", event.Type), slog.Int("seq", event.Seq),
		slog.Any("error", err), slog.Int64("panics", b.panics.Add(1)), eventlog.StackOf(err))
}
