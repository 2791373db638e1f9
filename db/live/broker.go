// Package live tells subscribers what happens, as it happens: a broker follows the log of events for all of them.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/eventlog"
	"crm/db/store"
)

// How often the broker looks for what other processes have written, and whether the sessions of its subscribers live. The
// longest pause is between two tries while the store doesn't work.
const (
	pollInterval    = 250 * time.Millisecond
	sessionInterval = 500 * time.Millisecond
	longestPause    = 5 * time.Second
)

// batchSize is how many events are read at a time.
const batchSize = 256

// Sessions tells whose sessions have ended.
type Sessions interface {
	// Changes returns a number that grows whenever this process has ended a session or changed an account.
	Changes() int
	// Ended returns those of the viewers whose session has ended, or not the role that it had.
	Ended(ctx context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error)
}

// Decoder returns who sees the document of an event, and which fields changed.
type Decoder func(*store.Event) (audience entity.Audience, changed []string, err error)

// Broker follows the log of events for all subscribers of this process: it reads the log once, and nothing while there
// are none. See Subscribe.
type Broker struct {
	log      *eventlog.Log
	catalog  *entity.Catalog
	sessions Sessions
	decode   Decoder
	woken    eventlog.Signal

	mutex sync.Mutex
	// at is the seq up to which all live subscriptions have been told.
	at     int
	groups map[groupKey]subscriberGroup
	// subscribers are all there are, live or still replaying what they missed.
	subscribers map[subscriber]struct{}
	// closed is why nobody can subscribe any more.
	closed error

	// sessionsChecked is when the sessions of the subscribers were seen to live, and after which of the process's own
	// changes. Only Run uses them.
	sessionsChecked time.Time
	sessionChanges  int
}

// subscriberGroup is a group, whatever it is told of.
type subscriberGroup interface {
	load(ctx context.Context, events map[*entity.Definition][]*changeEvent) (publish func(), err error)
	end(err error)
}

// NewBroker returns a broker of the events in a log.
func NewBroker(log *eventlog.Log, catalog *entity.Catalog, sessions Sessions, decode Decoder) *Broker {
	return &Broker{
		log: log, catalog: catalog, sessions: sessions, decode: decode, woken: eventlog.NewSignal(),
		groups: make(map[groupKey]subscriberGroup), subscribers: make(map[subscriber]struct{}),
	}
}

// Wake has the broker read the log at once.
func (b *Broker) Wake() { b.woken.Raise() }

// Run tells the subscribers what happens, until ctx is done; then it ends their subscriptions.
func (b *Broker) Run(ctx context.Context, log *slog.Logger) {
	defer b.close(store.Errorf(store.Unavailable, "the server is stopping; subscribe again after the last seq"))
	pause := pollInterval
	for b.wait(ctx, pause) {
		err := b.publishNew(ctx, log)
		switch {
		case err == nil:
			pause = pollInterval
		case store.CodeOf(err) == store.EventsExpired:
			log.ErrorContext(ctx, "events are missing in the log", "error", err)
			b.endAll(err)
		case ctx.Err() == nil:
			pause = min(2*pause, longestPause)
			log.ErrorContext(ctx, "cannot follow events", "error", err, "retryIn", pause)
		}
	}
}

// wait waits until it is time to read the log; without subscribers it is not until there is one. It is false when ctx is
// done.
func (b *Broker) wait(ctx context.Context, pause time.Duration) bool {
	var due <-chan time.Time
	if !b.idle() {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-b.woken:
	case <-due:
	}
	return ctx.Err() == nil
}

func (b *Broker) idle() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.subscribers) == 0
}

// publishNew ends the subscriptions whose sessions have ended, and tells the others all there is to tell.
func (b *Broker) publishNew(ctx context.Context, log *slog.Logger) error {
	for {
		if err := b.endDeadSessions(ctx); err != nil {
			return err
		}
		from, live := b.position()
		if !live {
			return nil
		}
		events, err := b.log.After(ctx, from, batchSize)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := b.publish(ctx, log, from, events); err != nil {
			return err
		}
		if len(events) < batchSize {
			return nil
		}
	}
}

// position returns the seq up to which the live subscriptions have been told; live is false if there are none.
func (b *Broker) position() (at int, live bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.at, len(b.groups) > 0
}

// publish tells all live subscriptions of the events behind from. The groups load without the lock; one that comes into
// being meanwhile loads, too, before anybody is told.
func (b *Broker) publish(ctx context.Context, log *slog.Logger, from int, events []*store.Event) error {
	byEntity := b.changeEvents(events)
	loaded := make(map[subscriberGroup]func())
	for {
		waiting, published := b.publishLoaded(from, events[len(events)-1].Seq, loaded)
		if published {
			return nil
		}
		for _, group := range waiting {
			publish, err := eventlog.Guard(func() (func(), error) { return group.load(ctx, byEntity) })
			if stack := eventlog.StackOf(err); stack.Key != "" {
				log.ErrorContext(ctx, "cannot tell a group of subscribers what happened", slog.Int("behindSeq", from), slog.Any("error", err), stack)
			}
			switch {
			case err == nil:
			case ctx.Err() != nil || store.CodeOf(err) == store.Unavailable:
				return err
			default: // its filter can't be answered, which is nothing to the others
				publish = func() { group.end(err) }
			}
			loaded[group] = publish
		}
	}
}

// publishLoaded tells the groups once all of them have loaded; until then it returns those that haven't.
func (b *Broker) publishLoaded(
	from, through int, loaded map[subscriberGroup]func(),
) (waiting []subscriberGroup, published bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.at != from {
		return nil, true // there was nobody for a moment, and whoever is there now begins elsewhere
	}
	for _, group := range b.groups {
		if loaded[group] == nil {
			waiting = append(waiting, group)
		}
	}
	if len(waiting) > 0 {
		return waiting, false
	}
	for _, group := range b.groups {
		loaded[group]()
	}
	b.at = through
	return nil, true
}

// endAll ends all subscriptions.
func (b *Broker) endAll(err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for s := range b.subscribers {
		s.end(err)
	}
}

func (b *Broker) close(err error) {
	b.mutex.Lock()
	b.closed = err
	b.mutex.Unlock()
	b.endAll(err)
}
