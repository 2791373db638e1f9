package db

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

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
	// ChangeRemoved is of a document that was deleted, that the subscriber does not see any more, or that does not match
	// any more; which of these is not told.
	ChangeRemoved ChangeKind = "removed"
	ChangeFailed  ChangeKind = "failed"
)

// followed says which documents an event concerns, and what it means for those who follow them.
var followed = map[string]struct {
	collection *store.Collection
	kind       ChangeKind
}{
	EventInteractionCreated:   {Interactions, ChangeCreated},
	EventInteractionUpdated:   {Interactions, ChangeUpdated},
	EventInteractionCancelled: {Interactions, ChangeCancelled},
	EventInteractionDeleted:   {Interactions, ChangeRemoved},
	EventTicketCreated:        {Tickets, ChangeCreated},
	EventTicketUpdated:        {Tickets, ChangeUpdated},
	EventTicketMoved:          {Tickets, ChangeMoved},
	EventTicketAssigned:       {Tickets, ChangeAssigned},
	EventTicketDeleted:        {Tickets, ChangeRemoved},
	EventDeliveryFailed:       {Deliveries, ChangeFailed},
}

// staleAfter is how long a document that was read for a subscriber may wait to be sent. After that it is read again, so
// that a client that reads slowly doesn't get what it may not see any more.
const staleAfter = 250 * time.Millisecond

// Change is what one subscriber is told of one event.
type Change[T any] struct {
	*sight[T]

	once    sync.Once
	kind    ChangeKind
	current *T
	err     error
}

// sight is what an audience saw of an event's document.
type sight[T any] struct {
	audience *audience[T]
	seq      int
	id       store.ID
	at       time.Time
	kind     ChangeKind
	// document is nil if the kind is ChangeRemoved.
	document *T
	seen     time.Time
}

// Seq returns the place of the event in the log, for Watch.After.
func (c *Change[T]) Seq() string { return strconv.Itoa(c.seq) }

// At returns when it happened.
func (c *Change[T]) At() time.Time { return c.at }

// GlobalID returns the id of the document concerned.
func (c *Change[T]) GlobalID() string { return c.audience.entities.kind.GlobalID(c.id) }

// Kind returns what happened.
func (c *Change[T]) Kind(ctx context.Context) ChangeKind {
	c.look(ctx)
	return c.kind
}

// Document returns the document as the subscriber sees it now; it is nil if the kind is ChangeRemoved.
func (c *Change[T]) Document(ctx context.Context) (*T, error) {
	c.look(ctx)
	return c.current, c.err
}

// look makes sure that what was seen is fresh.
func (c *Change[T]) look(ctx context.Context) {
	c.once.Do(func() {
		c.kind, c.current = c.sight.kind, c.document
		if c.current == nil || time.Since(c.seen) < staleAfter {
			return
		}
		var found map[store.ID]*T
		found, c.err = c.audience.find(ctx, []store.ID{c.id})
		if c.current = found[c.id]; c.current == nil && c.err == nil {
			c.kind = ChangeRemoved
		}
	})
}

// occurrence is an event of a followed document.
type occurrence struct {
	*store.Event

	kind    ChangeKind
	changed []string
	// states are the document after the change, or before it if it was deleted; and then, where the change took it from
	// somebody's sight, before it. There are none for what only those follow who see everything.
	states []store.Document
}

// occurrences returns those events that concern documents of a collection.
func occurrences(events []*store.Event) map[*store.Collection][]*occurrence {
	found := make(map[*store.Collection][]*occurrence)
	for _, event := range events {
		known, ok := followed[event.Type]
		if !ok {
			continue
		}
		o := &occurrence{Event: event, kind: known.kind}
		// Data that can't be decoded leaves the event to those who see everything.
		if data, err := DecodeEvent(event); err == nil {
			o.changed, o.states = data.Changed, data.states()
		}
		found[known.collection] = append(found[known.collection], o)
	}
	return found
}

func (d EventData) states() []store.Document {
	switch {
	case d.Interaction != nil:
		return []store.Document{d.Interaction}
	case d.Ticket != nil && d.PreviousAssignee != nil:
		before := *d.Ticket
		before.AssigneeID = d.PreviousAssignee
		return []store.Document{d.Ticket, &before}
	case d.Ticket != nil:
		return []store.Document{d.Ticket}
	}
	return nil
}

// concerns reports whether somebody who sees what the filter says sees the document after the change or saw it before.
func (o *occurrence) concerns(c *store.Collection, sees store.Filter) bool {
	return sees.Op == store.OpAll ||
		slices.ContainsFunc(o.states, func(state store.Document) bool { return matches(c, state, sees) })
}

// leavesInSight reports whether they see it after the change.
func (o *occurrence) leavesInSight(c *store.Collection, sees store.Filter) bool {
	return sees.Op == store.OpAll || (len(o.states) > 0 && matches(c, o.states[0], sees))
}

// matches evaluates a filter of scopeOf on a document that is at hand. What such filters of followed collections don't
// have matches nothing.
func matches(c *store.Collection, doc store.Document, f store.Filter) bool {
	switch f.Op {
	case store.OpAll:
		return true
	case store.OpEq:
		return store.SameValue(store.ValueAt(doc.Pointers(nil)[c.FieldIndex(f.Field)]), f.Value)
	case store.OpAnd:
		for _, filter := range f.Filters {
			if !matches(c, doc, filter) {
				return false
			}
		}
		return true
	case store.OpOr:
		for _, filter := range f.Filters {
			if matches(c, doc, filter) {
				return true
			}
		}
	}
	return false
}
