package legacy

import (
	"context"
	"encoding/binary"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

const (
	// Pause is how long reads rely on the last search for what the old application has written.
	Pause = time.Second
	// overlap is how far a search goes back beyond the last one: the clocks of two machines differ, and the old
	// application writes times to the second.
	overlap = 10 * time.Second
)

// Follower is a store in which the old application may go on writing: before it reads, it adapts the documents that
// were created or changed lately. It searches for them by an index, at most once per pause.
type Follower struct {
	store.Store
	keys  *textkey.Keys
	log   *slog.Logger
	pause time.Duration
	began time.Time
	// follows is set if the old application has ever written to the database; see Backfill.
	follows  atomic.Bool
	searches map[*store.Collection]*search
}

// search is the last search for new documents in a collection.
type search struct {
	mu  sync.Mutex
	def *entity.Definition
	at  time.Time
	// ahead is the most by which the time of day has been set ahead since the Follower was made, as far as it hasn't been set back again.
	ahead time.Duration
	// owed is from when on documents have been searched for in vain, zero if the last search succeeded.
	owed time.Time
}

// Follow returns a Follower of a store. Its documents must have been adapted lately, by Backfill.
func Follow(s store.Store, keys *textkey.Keys, pause time.Duration, log *slog.Logger) *Follower {
	f := &Follower{Store: s, keys: keys, log: log, pause: pause, began: time.Now(), searches: make(map[*store.Collection]*search)}
	for _, def := range definitions {
		f.searches[def.Collection] = &search{def: def, at: f.began}
	}
	return f
}

// Find implements store.Store.
func (f *Follower) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	f.catchUp(ctx, c, q.Where)
	return f.Store.Find(ctx, c, q, next)
}

// FindChildren implements store.Store.
func (f *Follower) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(parent store.ID) store.Document,
) error {
	f.catchUp(ctx, c, q.Where)
	return f.Store.FindChildren(ctx, c, parent, parents, q, next)
}

// Count implements store.Store.
func (f *Follower) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	f.catchUp(ctx, c, where)
	return f.Store.Count(ctx, c, where)
}

// CountBy implements store.Store.
func (f *Follower) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	f.catchUp(ctx, c, where)
	return f.Store.CountBy(ctx, c, field, values, where)
}

// catchUp adapts what was written lately to a collection and to those that the filter's subqueries read. An error is
// only logged: the read itself will fail if the store can't be reached.
func (f *Follower) catchUp(ctx context.Context, c *store.Collection, where store.Filter) {
	if !f.follows.Load() {
		return
	}
	if last := f.searches[c]; last != nil {
		if err := f.search(ctx, last); err != nil && ctx.Err() == nil {
			f.log.Warn("cannot adapt the old application's latest documents", "collection", c.Name, "error", err)
		}
	}
	if where.Query != nil {
		f.catchUp(ctx, where.Query.Collection, where.Query.Where)
	}
	for _, operand := range where.Filters {
		f.catchUp(ctx, c, operand)
	}
}

// search adapts the latest documents of a collection if it is time to. Concurrent reads don't wait for it.
func (f *Follower) search(ctx context.Context, l *search) error {
	if !l.mu.TryLock() {
		return nil
	}
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.at) < f.pause {
		return nil
	}
	following := now.Sub(f.began) // by a clock that nobody sets, in contrast to the time of day
	since := l.since(f.began.Round(0), now.Round(0), following)
	l.at, l.owed = now, since
	lately := store.Or(store.Compare(store.OpGte, "_id", firstID(since)), store.Compare(store.OpGte, "updated_at", since))
	// The search goes on if the client disconnects: after the clock was set back it may take long, and would begin again with each request.
	findings, err := adapt(context.WithoutCancel(ctx), f.Store, f.keys, []*entity.Definition{l.def}, lately, true)
	for _, finding := range findings {
		if !finding.Known {
			f.log.Warn(Describe(finding))
		}
	}
	if err == nil {
		l.owed = time.Time{}
	}
	return err
}

// since returns from when on a search finds all that was written since the last one. following is how long ago the time of day was began.
// While it was wrong and ahead, no search has found what others wrote by the right time, so after it has been set back, the next search
// begins where the first one did.
func (l *search) since(began, now time.Time, following time.Duration) time.Time {
	since := l.at.Round(0)
	ahead := now.Sub(began) - following
	if l.ahead-ahead > overlap/2 {
		since, l.ahead = now.Add(-following), ahead
	}
	l.ahead = max(l.ahead, ahead)
	since = since.Add(-overlap)
	if !l.owed.IsZero() && l.owed.Before(since) {
		return l.owed
	}
	return since
}

// firstID is not greater than any id made at that time or later.
func firstID(at time.Time) (id store.ID) {
	binary.BigEndian.PutUint32(id[:4], uint32(at.Unix()))
	return id
}
