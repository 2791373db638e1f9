package live

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"crm/db/eventlog"
	"crm/db/store"
)

// ChangeKind says what happened to a document, as far as a subscriber is concerned.
type ChangeKind string

// The kinds of changes.
const (
	ChangeCreated   ChangeKind = "created"
	ChangeUpdated   ChangeKind = "updated"
	ChangeMoved     ChangeKind = "moved"
	ChangeAssigned  ChangeKind = "assigned"
	ChangeCancelled ChangeKind = "cancelled"
	// ChangeRemoved means that a document was deleted, or that the subscriber no longer sees it, or that it no longer
	// matches. Subscribers can't tell which.
	ChangeRemoved ChangeKind = "removed"
	ChangeFailed  ChangeKind = "failed"
)

// staleAfter is how long a loaded document may wait to be sent. After that it is loaded again, so that a slow client
// doesn't get a document that it may no longer see.
const staleAfter = 250 * time.Millisecond

// Change is one event as a group of subscribers gets it, with its document as it was loaded last. It never changes itself:
// see Current.
type Change[T any] struct {
	*update[T]

	kind ChangeKind
	// document is nil if the kind is ChangeRemoved, or if it couldn't be loaded.
	document *T
	err      error
	// loadedAt is zero if the document hasn't been loaded.
	loadedAt  time.Time
	encodings Encodings
}

// update is what remains the same however often the document of a change is loaded.
type update[T any] struct {
	group *group[T]
	// event is the event's id, seq its position in the log. The rest of the event isn't kept while the change waits to
	// be read.
	event store.ID
	seq   int
	id    store.ID
	at    time.Time

	// current is the change with the document that was loaded last.
	current atomic.Pointer[Change[T]]
	mutex   sync.Mutex
	// loading is the load that is under way.
	loading *load[T]
}

// load is a load of the document of a change, which one subscriber makes for all who wait for it.
type load[T any] struct {
	done chan struct{}
	// loaded is the result, nil if the subscriber left meanwhile.
	loaded *Change[T]
}

// newChange returns the change for an event, without a document yet.
func newChange[T any](g *group[T], event *ChangeEvent) *Change[T] {
	c := &Change[T]{
		update: &update[T]{group: g, event: event.ID, seq: event.Seq, id: event.Entity, at: event.At}, kind: event.Kind,
	}
	c.current.Store(c)
	return c
}

// Seq returns the position of the event in the log, for Watch.After.
func (c *Change[T]) Seq() string { return strconv.Itoa(c.seq) }

// At returns when it happened.
func (c *Change[T]) At() time.Time { return c.at }

// GlobalID returns the id of the document concerned.
func (c *Change[T]) GlobalID() string { return c.group.source.GlobalID(c.id) }

// Kind returns what happened.
func (c *Change[T]) Kind() ChangeKind { return c.kind }

// Document returns the document as the subscribers see it; it is nil if the kind is ChangeRemoved.
func (c *Change[T]) Document() (*T, error) { return c.document, c.err }

// Encodings returns the encoded forms of the change. They are kept as long as the document is not stale.
func (c *Change[T]) Encodings() *Encodings { return &c.encodings }

// Current returns the change with a document that isn't stale. Call it when the change is about to be sent. A stale document
// is loaded again once for all who want it at the same time, which takes a while: wait is called before. ctx is the caller's.
func (c *Change[T]) Current(ctx context.Context, wait func()) *Change[T] {
	u := c.update
	current, loading, mine := u.currentOrLoad()
	if current != nil {
		return current
	}
	wait()
	for asked := time.Now(); current == nil; current, loading, mine = u.currentOrLoad() {
		if mine {
			return u.load(ctx, loading)
		}
		select {
		case <-loading.done:
			// However long a load takes, one that began after the subscriber asked is as fresh as one of its own.
			if loaded := loading.loaded; loaded != nil && (loaded.err != nil || loaded.loadedAt.After(asked)) {
				return loaded
			}
		case <-ctx.Done():
			return &Change[T]{update: u, kind: c.kind, err: context.Cause(ctx)}
		}
	}
	return current
}

// isFresh reports whether the document needn't be loaded again.
func (c *Change[T]) isFresh() bool {
	return c.kind == ChangeRemoved || time.Since(c.loadedAt) < staleAfter
}

// currentOrLoad returns the current change if its document isn't stale. Otherwise it returns the load that is under way, or a
// new one, which the caller has to make.
func (u *update[T]) currentOrLoad() (current *Change[T], loading *load[T], mine bool) {
	if current = u.current.Load(); current.isFresh() {
		return current, nil, false
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if current = u.current.Load(); current.isFresh() {
		return current, nil, false
	}
	if u.loading != nil {
		return nil, u.loading, false
	}
	u.loading = &load[T]{done: make(chan struct{})}
	return nil, u.loading, true
}

func (u *update[T]) load(ctx context.Context, loading *load[T]) *Change[T] {
	defer func() {
		u.mutex.Lock()
		defer u.mutex.Unlock()
		u.loading = nil
		close(loading.done)
	}()
	began := time.Now() // before the document is read, so that it doesn't count as fresher than it is
	found, err := eventlog.Guard(func() (map[store.ID]*T, error) { return u.group.find(ctx, []store.ID{u.id}) })
	loaded := &Change[T]{update: u, kind: u.current.Load().kind, loadedAt: began}
	switch {
	case err != nil:
		loaded.err = fmt.Errorf("cannot load the document of event %s: %w", u.event, err)
	case found[u.id] == nil:
		loaded.kind = ChangeRemoved
		u.current.Store(loaded)
	default:
		loaded.document = found[u.id]
		u.current.Store(loaded)
	}
	if ctx.Err() == nil { // otherwise the error concerns only this subscriber
		loading.loaded = loaded
	}
	return loaded
}
