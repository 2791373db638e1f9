package db

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// How often the feed looks for what other processes have written, and whether the sessions of its subscribers live. The
// longest pause is between two tries while the store doesn't work.
const (
	feedLook     = 250 * time.Millisecond
	feedSessions = 500 * time.Millisecond
	feedLongest  = 5 * time.Second
)

// feedBatch is how many events are read at a time.
const feedBatch = 256

// Feed follows the log of events for all subscribers of this process: it reads the log once, and nothing while there
// are none. See Entities.Watch.
type Feed struct {
	db    *DB
	woken chan struct{}

	mutex sync.Mutex
	// at is the seq up to which all live streams have been told.
	at        int
	audiences map[audienceKey]listeners
	// streams are all there are, live or still replaying what they missed.
	streams map[subscriber]struct{}
	// closed is why nobody can subscribe any more.
	closed error

	// sessionsSeen is when the sessions of the subscribers were seen to live, and after which of the process's own
	// changes. Only Run uses them.
	sessionsSeen  time.Time
	sessionsAsked int
}

// listeners are an audience, whatever it listens to.
type listeners interface {
	look(ctx context.Context, events map[*entity.Definition][]*occurrence) (tell func(), err error)
	end(err error)
}

func newFeed(d *DB) *Feed {
	return &Feed{
		db: d, woken: make(chan struct{}, 1),
		audiences: make(map[audienceKey]listeners), streams: make(map[subscriber]struct{}),
	}
}

// wake has the feed look at once.
func (f *Feed) wake() {
	select {
	case f.woken <- struct{}{}:
	default: // it is about to look already
	}
}

// Run tells the subscribers what happens, until ctx is done; then it ends their streams.
func (f *Feed) Run(ctx context.Context, log *slog.Logger) {
	defer f.close(store.Errorf(store.Unavailable, "the server is stopping; subscribe again after the last seq"))
	pause := feedLook
	for f.rest(ctx, pause) {
		err := f.round(ctx)
		switch {
		case err == nil:
			pause = feedLook
		case store.CodeOf(err) == store.EventsExpired:
			log.ErrorContext(ctx, "events are missing in the log", "error", err)
			f.endAll(err)
		case ctx.Err() == nil:
			pause = min(2*pause, feedLongest)
			log.ErrorContext(ctx, "cannot follow events", "error", err, "retryIn", pause)
		}
	}
}

// rest waits until it is time to look; without subscribers it is not until there is one. It is false when ctx is done.
func (f *Feed) rest(ctx context.Context, pause time.Duration) bool {
	var due <-chan time.Time
	if !f.idle() {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-f.woken:
	case <-due:
	}
	return ctx.Err() == nil
}

func (f *Feed) idle() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.streams) == 0
}

// round ends the streams whose sessions have ended, and tells the others all there is to tell.
func (f *Feed) round(ctx context.Context) error {
	for {
		if err := f.endDeadSessions(ctx); err != nil {
			return err
		}
		from, live := f.position()
		if !live {
			return nil
		}
		events, err := f.db.eventsBehind(ctx, from, feedBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := f.tell(ctx, from, events); err != nil {
			return err
		}
		if len(events) < feedBatch {
			return nil
		}
	}
}

// position returns the seq up to which the live streams have been told; live is false if there are none.
func (f *Feed) position() (at int, live bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.at, len(f.audiences) > 0
}

// tell tells all live streams of the events behind from. The audiences look without the lock; who joins meanwhile with
// an audience of their own has it look, too.
func (f *Feed) tell(ctx context.Context, from int, events []*store.Event) error {
	byCollection := occurrences(events)
	looked := make(map[listeners]func())
	for {
		waiting, told := f.tellAll(from, events[len(events)-1].Seq, looked)
		if told {
			return nil
		}
		for _, audience := range waiting {
			tell, err := audience.look(ctx, byCollection)
			switch {
			case err == nil:
			case ctx.Err() != nil || store.CodeOf(err) == store.Unavailable:
				return err
			default: // its filter can't be answered, which is nothing to the others
				tell = func() { audience.end(err) }
			}
			looked[audience] = tell
		}
	}
}

// tellAll tells the audiences once all of them have looked; until then it returns those that haven't.
func (f *Feed) tellAll(from, through int, looked map[listeners]func()) (waiting []listeners, told bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.at != from {
		return nil, true // there was nobody for a moment, and whoever is there now begins elsewhere
	}
	for _, audience := range f.audiences {
		if looked[audience] == nil {
			waiting = append(waiting, audience)
		}
	}
	if len(waiting) > 0 {
		return waiting, false
	}
	for _, audience := range f.audiences {
		looked[audience]()
	}
	f.at = through
	return nil, true
}

// endAll ends all streams.
func (f *Feed) endAll(err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for s := range f.streams {
		s.end(err)
	}
}

func (f *Feed) close(err error) {
	f.mutex.Lock()
	f.closed = err
	f.mutex.Unlock()
	f.endAll(err)
}
