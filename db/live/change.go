package live

import (
	"context"
	"strconv"
	"sync"
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// ChangeKind says what happened to a document, as far as a subscriber is concerned: the verb of the event, or Removed.
type ChangeKind string

// Removed is the kind of change of a document that was deleted, that the subscriber does not see any more, or that does
// not match any more; which of these is not told.
const Removed ChangeKind = "removed"

// staleAfter is how long a document that was read for a subscriber may wait to be sent. After that it is read again, so
// that a client that reads slowly doesn't get what it may not see any more.
const staleAfter = 250 * time.Millisecond

// Change is what one subscriber is told of one event.
type Change[T any] struct {
	*update[T]

	once    sync.Once
	kind    ChangeKind
	current *T
	err     error
}

// update is what a group of subscribers is told of an event.
type update[T any] struct {
	group *group[T]
	seq   int
	id    store.ID
	at    time.Time
	kind  ChangeKind
	// document is nil if the kind is Removed. It was read at the time readAt.
	document *T
	readAt   time.Time
}

// Seq returns the place of the event in the log, for Watch.After.
func (c *Change[T]) Seq() string { return strconv.Itoa(c.seq) }

// At returns when it happened.
func (c *Change[T]) At() time.Time { return c.at }

// GlobalID returns the id of the document concerned.
func (c *Change[T]) GlobalID() string { return c.group.reader.Definition().Kind.GlobalID(c.id) }

// Kind returns what happened.
func (c *Change[T]) Kind(ctx context.Context) ChangeKind {
	c.refresh(ctx)
	return c.kind
}

// Document returns the document as the subscriber sees it now; it is nil if the kind is Removed.
func (c *Change[T]) Document(ctx context.Context) (*T, error) {
	c.refresh(ctx)
	return c.current, c.err
}

// refresh makes sure that the document is not stale.
func (c *Change[T]) refresh(ctx context.Context) {
	c.once.Do(func() {
		c.kind, c.current = c.update.kind, c.document
		if c.current == nil || time.Since(c.readAt) < staleAfter {
			return
		}
		var found map[store.ID]*T
		found, c.err = c.group.find(ctx, []store.ID{c.id})
		if c.current = found[c.id]; c.current == nil && c.err == nil {
			c.kind = Removed
		}
	})
}

// changeEvent is an event as subscribers need it.
type changeEvent struct {
	*store.Event

	kind    ChangeKind
	changed []string
	// audience are the keys of those who saw the document before, and see it after the change.
	audience entity.Audience
}

// changeEvents returns the events by the entity that they are of.
func (b *Broker) changeEvents(events []*store.Event) map[*entity.Definition][]*changeEvent {
	found := make(map[*entity.Definition][]*changeEvent)
	for _, event := range events {
		def, verb := b.catalog.ByEvent(event.Type)
		if def == nil {
			continue
		}
		e := &changeEvent{Event: event, kind: ChangeKind(verb)}
		if verb == entity.Deleted {
			e.kind = Removed
		}
		// An event that can't be decoded is told to those who see everything.
		if audience, changed, err := b.decode(event); err == nil {
			e.audience, e.changed = audience, changed
		}
		found[def] = append(found[def], e)
	}
	return found
}
