package db

import (
	"context"
	"fmt"
	"strconv"

	"crm/db/entity"
	"crm/db/store"
)

// eventsBehind returns the first events behind seq, in order. The log has no gaps, so if the next one isn't there while
// later ones are, it was removed: then the error is EVENTS_EXPIRED.
func (d *DB) eventsBehind(ctx context.Context, seq, limit int) ([]*store.Event, error) {
	events, err := entity.Find[store.Event](ctx, d.store, store.Events, store.Query{
		Where: store.Compare(store.OpGt, "seq", seq), Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	for i, event := range events {
		if event.Seq != seq+1+i {
			return nil, errEventsExpired(seq + i)
		}
	}
	return events, nil
}

func errEventsExpired(seq int) *store.Error {
	return store.Errorf(store.EventsExpired, "the events behind seq %d are not kept any more; query afresh, then subscribe after latestSeq", seq)
}

// LatestSeq returns the place in the log of the newest event there is, for Watch.After.
func (d *DB) LatestSeq(ctx context.Context) (string, error) {
	newest, err := d.newestEvent(ctx)
	return strconv.Itoa(newest), err
}

// place returns from where on a subscriber is to be told, and the seq of the newest event there is. after is a seq or
// nil, which means from now on.
func (d *DB) place(ctx context.Context, after *string) (at, newest int, err error) {
	if newest, err = d.newestEvent(ctx); err != nil || after == nil {
		return newest, newest, err
	}
	at, err = strconv.Atoi(*after)
	if err != nil || at < 0 || strconv.Itoa(at) != *after {
		return 0, 0, store.FieldError(store.BadInput, "after", "is not a seq of this server")
	}
	if at > newest {
		return 0, 0, store.FieldError(store.BadInput, "after", "is ahead of the newest seq, which is %d", newest)
	}
	if _, err := d.eventsBehind(ctx, at, 1); err != nil {
		return 0, 0, fmt.Errorf("cannot replay: %w", err)
	}
	return at, newest, nil
}
