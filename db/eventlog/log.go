// Package eventlog reads the log of everything that happened, in order, for those who follow it.
package eventlog

import (
	"context"
	"fmt"
	"strconv"

	"crm/db/store"
)

// Log is the log of events in a store.
type Log struct{ store store.Store }

// New returns the log in a store.
func New(s store.Store) *Log { return &Log{store: s} }

// After returns the first events behind seq, in order. The log has no gaps, so if the next one isn't there while later
// ones are, it was removed: then the error is EVENTS_EXPIRED.
func (l *Log) After(ctx context.Context, seq, limit int) ([]*store.Event, error) {
	events, err := l.find(ctx, store.Query{
		Where: store.Compare(store.OpGt, "seq", seq), Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}, Limit: limit,
	})
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

func errExpired(seq int) *store.Error {
	return store.Errorf(store.EventsExpired,
		"the events behind seq %d are not kept any more; query afresh, then subscribe after latestSeq", seq)
}

// Newest returns the seq of the newest event, zero if there is none.
func (l *Log) Newest(ctx context.Context) (int, error) {
	newest, err := l.find(ctx, store.Query{
		Sort: []store.Sort{{Field: "seq", Desc: true}, {Field: "_id", Desc: true}}, Limit: 1,
		Fields: store.Events.Select("seq"),
	})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return newest[0].Seq, nil
}

// Position returns from where on a subscriber is to be told, and the seq of the newest event there is. after is a seq, or
// nil for from now on.
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
	if _, err := l.After(ctx, at, 1); err != nil {
		return 0, 0, fmt.Errorf("cannot replay: %w", err)
	}
	return at, newest, nil
}

func (l *Log) find(ctx context.Context, q store.Query) ([]*store.Event, error) {
	var found []*store.Event
	err := l.store.Find(ctx, store.Events, q, func() store.Document {
		event := new(store.Event)
		found = append(found, event)
		return event
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the event log: %w", err)
	}
	return found, nil
}
