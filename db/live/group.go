package live

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

// group are the subscribers who are told the same: those to one entity with the same scope and the same filter. What
// one of them is told is found out once, for all.
type group[T any] struct {
	reader *entity.Reader[T]
	scope  auth.Scope
	// keys are those of the scope, with which an event's audience is compared.
	keys  []entity.Key
	where store.Filter
	// decisive are the fields that the filter depends on.
	decisive      []string
	subscriptions map[*subscription[T]]struct{}
}

// groupKey tells groups apart.
type groupKey struct {
	definition *entity.Definition
	scope      auth.Scope
	where      [sha256.Size]byte
}

// newGroup returns a group without anybody in it yet, and what tells it from others.
func newGroup[T any](reader *entity.Reader[T], scope auth.Scope, where store.Filter) (*group[T], groupKey, error) {
	if scope.SeesAll() {
		scope.Account = auth.ID{} // all admins see the same
	}
	if err := reader.Check(scope, where); err != nil {
		return nil, groupKey{}, err
	}
	text, err := json.Marshal(where)
	if err != nil {
		return nil, groupKey{}, fmt.Errorf("cannot encode filter: %w", err)
	}
	g := &group[T]{
		reader: reader, scope: scope, keys: entity.KeysOf(scope), where: where, decisive: fieldsOf(where),
		subscriptions: make(map[*subscription[T]]struct{}),
	}
	return g, groupKey{reader.Definition(), scope, sha256.Sum256(text)}, nil
}

// fieldsOf returns the names of the fields that a filter looks at, as events name them. What lies behind a reference
// changes without an event of the document itself, so then each of its changes may be the one that shows it.
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

// load reads what the group is told of events, with one call to the store, and returns what publishes it. That is
// called under the broker's lock.
func (g *group[T]) load(ctx context.Context, events map[*entity.Definition][]*changeEvent) (publish func(), err error) {
	updates, err := g.updates(ctx, events[g.reader.Definition()])
	if err != nil {
		return nil, err
	}
	return func() {
		for s := range g.subscriptions {
			s.publish(updates)
		}
	}, nil
}

// updates returns what the group is told of events.
func (g *group[T]) updates(ctx context.Context, events []*changeEvent) ([]*update[T], error) {
	var ids []store.ID
	var concerning []*changeEvent
	for _, event := range events {
		if !g.sees(event.audience.Before) && !g.sees(event.audience.After) {
			continue
		}
		concerning = append(concerning, event)
		if event.kind != Removed && !slices.Contains(ids, event.Entity) {
			ids = append(ids, event.Entity)
		}
	}
	readAt := time.Now() // before the documents are read, so that they count as no fresher than they are
	found, err := g.find(ctx, ids)
	if err != nil {
		return nil, err
	}
	var updates []*update[T]
	for _, event := range concerning {
		u := &update[T]{
			group: g, seq: event.Seq, id: event.Entity, at: event.At, kind: event.kind, document: found[event.Entity], readAt: readAt,
		}
		if u.document == nil || u.kind == Removed {
			if !g.mayHaveRemoved(event) {
				continue
			}
			u.kind, u.document = Removed, nil
		}
		updates = append(updates, u)
	}
	return updates, nil
}

// sees reports whether the group sees documents that those with these keys see.
func (g *group[T]) sees(audience []entity.Key) bool {
	return g.scope.SeesAll() || entity.Shares(g.keys, audience)
}

// mayHaveRemoved reports whether the event may be what took a document, which doesn't match now, from what the group saw.
// If not, the group isn't told that it is gone: either it never matched, or another event tells so.
func (g *group[T]) mayHaveRemoved(event *changeEvent) bool {
	if len(g.decisive) == 0 || event.kind == Removed || !g.sees(event.audience.After) {
		return true
	}
	return slices.ContainsFunc(g.decisive, func(field string) bool {
		return slices.Contains(event.changed, field) || (field == "updated_at" && event.kind != entity.Created)
	})
}

// find returns those of the documents that match and that the group sees.
func (g *group[T]) find(ctx context.Context, ids []store.ID) (map[store.ID]*T, error) {
	return g.reader.FindVisible(ctx, g.scope, g.where, ids)
}

// end ends all subscriptions. It is called under the broker's lock.
func (g *group[T]) end(err error) {
	for s := range g.subscriptions {
		s.end(err)
	}
}

func (g *group[T]) empty() bool { return len(g.subscriptions) == 0 }
