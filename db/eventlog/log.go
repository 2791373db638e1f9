// Package eventlog is what followers of the event log share: reading the log after a position, moving pending events
// into it, and working in rounds that survive errors and panics. It knows neither entities nor the effects of an event.
package eventlog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"crm/db/store"
)

// ResumeWindow is how long a subscriber may be disconnected and still resume. Younger events are never removed.
const ResumeWindow = 30 * 24 * time.Hour

// Log reads the log of a store.
type Log struct{ store store.Store }

// New returns the log of a store.
func New(s store.Store) *Log { return &Log{store: s} }

// inOrder is the order of the log.
func inOrder(desc bool) []store.Sort {
	return []store.Sort{{Field: "seq", Desc: desc}, {Field: "_id", Desc: desc}}
}

// After returns the first events after seq, in order. Without removals the log has no gaps, so if the next event is missing
// but later ones exist, it was removed: the error is EVENTS_EXPIRED.
func (l *Log) After(ctx context.Context, seq, limit int) ([]*store.Event, error) {
	events, err := l.Find(ctx, store.Filter{}, seq, limit, 0)
	if err != nil {
		return nil, err
	}
	for i, event := range events {
		if event.Seq != seq+1+i {
			return nil, errExpired(seq + i)
		}
	}
	return events, nil
}

// Find returns the first matching events after seq, in order, with these fields. It skips events that were removed, so it is
// not for subscribers.
func (l *Log) Find(ctx context.Context, where store.Filter, seq, limit int, fields store.Fields) ([]*store.Event, error) {
	return l.find(ctx, store.Query{
		Where: store.And(where, store.Compare(store.OpGt, "seq", seq)), Sort: inOrder(false), Limit: limit, Fields: fields,
	})
}

// Complete moves all pending events into the log, so that whoever reads it next finds what had been written before.
func (l *Log) Complete(ctx context.Context) error {
	for {
		moved, err := l.store.MoveEvents(ctx, moverBatch)
		if err != nil {
			return fmt.Errorf("cannot complete the event log: %w", err)
		}
		if moved == 0 {
			return nil
		}
	}
}

func errExpired(seq int) *store.Error {
	return store.Errorf(store.EventsExpired,
		"the events after seq %d are no longer kept; query again, then subscribe after latestSeq", seq)
}

// Newest returns the seq of the newest event; it is 0 if the log is empty.
func (l *Log) Newest(ctx context.Context) (int, error) {
	events, err := l.find(ctx, store.Query{Sort: inOrder(true), Limit: 1, Fields: store.Events.Select("seq")})
	if err != nil || len(events) == 0 {
		return 0, err
	}
	return events[0].Seq, nil
}

// Position returns the seq after which a client's stream begins, which is after or, by default, the newest seq, and the
// newest seq. It is BAD_USER_INPUT or EVENTS_EXPIRED if a client can't continue from there.
func (l *Log) Position(ctx context.Context, after *string) (at, newest int, err error) {
	if newest, err = l.Newest(ctx); err != nil || after == nil {
		return newest, newest, err
	}
	at, err = strconv.Atoi(*after)
	if err != nil || at < 0 || strconv.Itoa(at) != *after {
		return 0, 0, store.FieldError(store.BadInput, "after", "is not a seq of this server")
	}
	if at > newest {
		return 0, 0, store.FieldError(store.BadInput, "after", "is ahead of the newest seq, which is %d", newest)
	}
	next, err := l.After(ctx, at, 1)
	if err == nil && len(next) > 0 && time.Since(next[0].At) > ResumeWindow {
		err = errExpired(at) // later events may have been removed
	}
	if err != nil {
		return 0, 0, fmt.Errorf("cannot replay: %w", err)
	}
	return at, newest, nil
}

func (l *Log) find(ctx context.Context, q store.Query) ([]*store.Event, error) {
	var found []*store.Event
	err := l.store.Find(ctx, store.Events, q, func() store.Document {
		found = append(found, new(store.Event))
		return found[len(found)-1]
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the event log: %w", err)
	}
	return found, nil
}
