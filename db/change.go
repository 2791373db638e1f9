package db

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"crm/auth"
	"crm/db/entity"
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

// changeKinds says what an event's verb means for those who follow the document.
var changeKinds = map[string]ChangeKind{
	entity.Created: ChangeCreated, entity.Updated: ChangeUpdated, entity.Deleted: ChangeRemoved, verbCancelled: ChangeCancelled,
	verbMoved: ChangeMoved, verbAssigned: ChangeAssigned, verbFailed: ChangeFailed,
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
func (c *Change[T]) GlobalID() string { return c.audience.entities.Definition().Kind.GlobalID(c.id) }

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

// occurrence is an event of a document that may be followed.
type occurrence struct {
	*store.Event

	kind    ChangeKind
	changed []string
	// before and after are the keys of those who saw the document before, and see it after the change.
	before, after []entity.Key
}

// occurrences returns the events by the entity that they are of.
func occurrences(events []*store.Event) map[*entity.Definition][]*occurrence {
	found := make(map[*entity.Definition][]*occurrence)
	for _, event := range events {
		kind, verb, _ := strings.Cut(event.Type, ".")
		def := catalog.ByEvent(kind)
		if def == nil {
			continue
		}
		o := &occurrence{Event: event, kind: changeKinds[verb]}
		// What can't be decoded leaves the event to those who see everything.
		if audience, changed, err := audienceOf(event); err == nil {
			o.changed, o.before, o.after = changed, audience.Before, audience.After
		}
		found[def] = append(found[def], o)
	}
	return found
}

// audienceOf returns whom an event concerns, and which fields changed.
func audienceOf(event *store.Event) (entity.Audience, []string, error) {
	envelope, ok, err := entity.DecodeEnvelope(event)
	if err != nil || ok {
		return envelope.Audience, envelope.Changed(), err
	}
	data, err := decodeOldEvent(event)
	if err != nil {
		return entity.Audience{}, nil, err
	}
	return data.audience(), data.Changed, nil
}

// audience computes what an event of an older version doesn't tell.
func (d EventData) audience() entity.Audience {
	switch {
	case d.Interaction != nil:
		keys := Interactions.Audience(d.Interaction)
		return entity.Audience{Before: keys, After: keys}
	case d.Ticket != nil:
		before := *d.Ticket
		if d.PreviousAssignee != nil {
			before.AssigneeID = d.PreviousAssignee
		}
		return entity.Audience{Before: Tickets.Audience(&before), After: Tickets.Audience(d.Ticket)}
	}
	return entity.Audience{}
}

// concerns reports whether somebody who has one of the keys, or sees everything, sees the document after the change or saw it before.
func (o *occurrence) concerns(scope auth.Scope) bool {
	return scope.SeesAll() || entity.Shares(entity.KeysOf(scope), o.before) || o.leavesInSight(scope)
}

// leavesInSight reports whether they see it after the change.
func (o *occurrence) leavesInSight(scope auth.Scope) bool {
	return scope.SeesAll() || entity.Shares(entity.KeysOf(scope), o.after)
}
