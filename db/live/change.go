package live

import (
	"context"
	"fmt"
	"strconv"
	"sync"
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

// Change is one event as one subscriber gets it.
type Change[T any] struct {
	*update[T]

	once    sync.Once
	kind    ChangeKind
	current *T
	err     error
}

// update is one event as a group of subscribers gets it.
type update[T any] struct {
	group *group[T]
	// event is the event's id, seq its position in the log. The rest of the event isn't kept while the update waits to
	// be read.
	event store.ID
	seq   int
	id    store.ID
	at    time.Time
	kind  ChangeKind
	// document is nil if the kind is ChangeRemoved, or if it couldn't be loaded.
	document *T
	// loadedAt is zero if the document couldn't be loaded; each subscriber then loads it again.
	loadedAt time.Time
}

// newUpdate returns the update for an event, without a document yet.
func newUpdate[T any](g *group[T], event *ChangeEvent) *update[T] {
	return &update[T]{group: g, event: event.ID, seq: event.Seq, id: event.Entity, at: event.At, kind: event.Kind}
}

// Seq returns the position of the event in the log, for Watch.After.
func (c *Change[T]) Seq() string { return strconv.Itoa(c.seq) }

// At returns when it happened.
func (c *Change[T]) At() time.Time { return c.at }

// GlobalID returns the id of the document concerned.
func (c *Change[T]) GlobalID() string { return c.group.source.GlobalID(c.id) }

// Kind returns what happened.
func (c *Change[T]) Kind(ctx context.Context) ChangeKind {
	c.refresh(ctx)
	return c.kind
}

// Document returns the document as the subscriber sees it now; it is nil if the kind is ChangeRemoved.
func (c *Change[T]) Document(ctx context.Context) (*T, error) {
	c.refresh(ctx)
	return c.current, c.err
}

// refresh loads the document again if it is stale.
func (c *Change[T]) refresh(ctx context.Context) {
	c.once.Do(func() {
		c.kind, c.current = c.update.kind, c.document
		if c.kind == ChangeRemoved || time.Since(c.loadedAt) < staleAfter {
			return
		}
		found, err := eventlog.Guard(func() (map[store.ID]*T, error) { return c.group.find(ctx, []store.ID{c.id}) })
		if err != nil {
			c.current, c.err = nil, fmt.Errorf("cannot load the document of event %s: %w", c.event, err)
			return
		}
		if c.current = found[c.id]; c.current == nil {
			c.kind = ChangeRemoved
		}
	})
}
