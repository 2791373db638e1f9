package db

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// audience are the subscribers who see the same: those to one collection with the same scope and the same filter. What
// one of them is told is found out once, for all.
type audience[T any] struct {
	entities *entity.Reader[T]
	scope    auth.Scope
	where    store.Filter
	// decisive are the fields that the subscribers' filter depends on.
	decisive []string
	streams  map[*stream[T]]struct{}
}

// audienceKey tells audiences apart.
type audienceKey struct {
	collection *entity.Definition
	scope      auth.Scope
	where      [sha256.Size]byte
}

// newAudience returns an audience without anybody in it yet, and what tells it from others.
func newAudience[T any](e *entity.Reader[T], scope auth.Scope, where store.Filter) (*audience[T], audienceKey, error) {
	if scope.SeesAll() {
		scope.Account = auth.ID{} // all admins see the same
	}
	if _, err := catalog.Narrow(scope, e.Definition(), where); err != nil {
		return nil, audienceKey{}, err
	}
	text, err := json.Marshal(where)
	if err != nil {
		return nil, audienceKey{}, fmt.Errorf("cannot encode filter: %w", err)
	}
	a := &audience[T]{
		entities: e, scope: scope, where: where, decisive: fieldsOf(where), streams: make(map[*stream[T]]struct{}),
	}
	return a, audienceKey{e.Definition(), scope, sha256.Sum256(text)}, nil
}

// fieldsOf returns the names of the fields that a filter looks at, as EventData.Changed has them. What lies behind a
// reference changes without an event of the document itself, so then each of its changes may be the one that shows it.
func fieldsOf(f store.Filter) []string {
	var fields []string
	if f.Field != "" {
		fields = append(fields, strings.TrimSuffix(f.Field, "_key"))
	}
	if f.Query != nil {
		fields = append(fields, "updated_at")
	}
	for _, filter := range f.Filters {
		fields = append(fields, fieldsOf(filter)...)
	}
	return fields
}

// look finds out what the audience is told of events, with one call to the store, and returns what tells it. That is
// called under the feed's lock.
func (a *audience[T]) look(ctx context.Context, events map[*entity.Definition][]*occurrence) (tell func(), err error) {
	sights, err := a.sights(ctx, events[a.entities.Definition()])
	if err != nil {
		return nil, err
	}
	return func() {
		for s := range a.streams {
			s.tell(sights)
		}
	}, nil
}

// sights returns what the audience sees of events.
func (a *audience[T]) sights(ctx context.Context, events []*occurrence) ([]*sight[T], error) {
	var ids []store.ID
	var concerning []*occurrence
	for _, event := range events {
		if !event.concerns(a.scope) {
			continue
		}
		concerning = append(concerning, event)
		if event.kind != ChangeRemoved && !slices.Contains(ids, event.Entity) {
			ids = append(ids, event.Entity)
		}
	}
	seen := time.Now() // before it is read, so that it counts as no fresher than it is
	found, err := a.find(ctx, ids)
	if err != nil {
		return nil, err
	}
	var sights []*sight[T]
	for _, event := range concerning {
		s := &sight[T]{
			audience: a, seq: event.Seq, id: event.Entity, at: event.At, kind: event.kind, document: found[event.Entity], seen: seen,
		}
		if s.document == nil || s.kind == ChangeRemoved {
			if !a.mayHaveHad(event) {
				continue
			}
			s.kind, s.document = ChangeRemoved, nil
		}
		sights = append(sights, s)
	}
	return sights, nil
}

// mayHaveHad reports whether the event may be what took a document, which the audience doesn't see now, from what it saw.
// If not, the audience isn't told that it is gone: either it never matched, or another event tells so.
func (a *audience[T]) mayHaveHad(event *occurrence) bool {
	if len(a.decisive) == 0 || event.kind == ChangeRemoved || !event.leavesInSight(a.scope) {
		return true
	}
	return slices.ContainsFunc(a.decisive, func(field string) bool {
		return slices.Contains(event.changed, field) || (field == "updated_at" && event.kind != ChangeCreated)
	})
}

// find returns those of the documents that the audience sees.
func (a *audience[T]) find(ctx context.Context, ids []store.ID) (map[store.ID]*T, error) {
	return a.entities.FindVisible(ctx, a.scope, a.where, ids)
}

// end ends all streams. It is called under the feed's lock.
func (a *audience[T]) end(err error) {
	for s := range a.streams {
		s.end(err)
	}
}

func (a *audience[T]) empty() bool { return len(a.streams) == 0 }
