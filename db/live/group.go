package live

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/auth"
	"crm/db/eventlog"
	"crm/db/store"
)

// Source loads the documents of one collection.
type Source[T any] interface {
	// Collection is where the documents are stored.
	Collection() *store.Collection
	// Load returns the documents with these ids that exist, match, and are visible to the scope, in one call to the
	// store. It validates the filter even if there are no ids.
	Load(ctx context.Context, scope auth.Scope, where store.Filter, ids []store.ID) (map[store.ID]*T, error)
	// GlobalID returns the id that clients use for a document.
	GlobalID(id store.ID) string
}

// group is a subscriber group: subscribers who see the same, because they subscribe to one collection with the same
// scope and the same filter. Their changes are loaded once for all of them.
type group[T any] struct {
	broker    *Broker
	source    Source[T]
	scope     auth.Scope
	viewpoint viewpoint
	where     store.Filter
	only      ChangeKind
	// filtered are the fields that the filter depends on.
	filtered []string
	streams  map[*stream[T]]struct{}
}

// subscriberGroup is a group of any document type.
type subscriberGroup interface {
	// load loads the group's changes for events, and returns a function that publishes them, which is called
	// under the broker's lock.
	load(ctx context.Context, events map[*store.Collection][]*ChangeEvent) (publish func(), err error)
	// end ends all streams. It is called under the broker's lock.
	end(err error)
}

// groupKey identifies a group.
type groupKey struct {
	collection *store.Collection
	scope      auth.Scope
	where      [sha256.Size]byte
	only       ChangeKind
}

// newGroup returns an empty group and its key. It fails if the scope may not use the filter.
func newGroup[T any](ctx context.Context, b *Broker, source Source[T], scope auth.Scope, w Watch) (*group[T], groupKey, error) {
	if scope.SeesAll() {
		scope.Account = auth.ID{} // all admins see the same
	}
	if _, err := source.Load(ctx, scope, w.Where, nil); err != nil {
		return nil, groupKey{}, err
	}
	text, err := json.Marshal(w.Where)
	if err != nil {
		return nil, groupKey{}, fmt.Errorf("cannot encode filter: %w", err)
	}
	g := &group[T]{
		broker: b, source: source, scope: scope, viewpoint: viewpointOf(scope), where: w.Where, only: w.Only, filtered: fieldsOf(w.Where),
		streams: make(map[*stream[T]]struct{}),
	}
	return g, groupKey{source.Collection(), scope, sha256.Sum256(text), w.Only}, nil
}

// fieldsOf returns the names of the fields that a filter depends on, as in ChangeEvent.Changed. The target of a
// reference changes without an event of the document itself, so any later event of the document may reveal the change.
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

func (g *group[T]) load(ctx context.Context, events map[*store.Collection][]*ChangeEvent) (publish func(), err error) {
	changes, err := g.changes(ctx, events[g.source.Collection()])
	if err != nil {
		return nil, err
	}
	return func() {
		for s := range g.streams {
			s.publish(changes)
		}
	}, nil
}

// changes returns the group's changes for events. A panic while one of them is handled doesn't stop the others: the
// subscribers get a change without a document, which is loaded again when they ask for it.
func (g *group[T]) changes(ctx context.Context, events []*ChangeEvent) ([]*Change[T], error) {
	concerning := slices.DeleteFunc(slices.Clone(events), func(event *ChangeEvent) bool {
		return !g.viewpoint.sees(event) && !g.viewpoint.saw(event) || g.only != "" && event.Kind != g.only
	})
	changes, err := eventlog.Guard(func() ([]*Change[T], error) { return g.loadChanges(ctx, concerning) })
	if !isPanic(err) {
		return changes, err
	}
	changes = nil
	for _, event := range concerning {
		loaded, err := eventlog.Guard(func() ([]*Change[T], error) { return g.loadChanges(ctx, []*ChangeEvent{event}) })
		if isPanic(err) {
			g.broker.recovered(ctx, event.Event, err)
			loaded, err = []*Change[T]{newChange(g, event)}, nil
		}
		if err != nil {
			return nil, err
		}
		changes = append(changes, loaded...)
	}
	return changes, nil
}

func isPanic(err error) bool {
	var panicked *store.PanicError
	return errors.As(err, &panicked)
}

// loadChanges returns the group's changes for events that concern it, with one call to the store.
func (g *group[T]) loadChanges(ctx context.Context, events []*ChangeEvent) ([]*Change[T], error) {
	began := time.Now() // before the documents are read, so that they don't count as fresher than they are
	found, err := g.find(ctx, changedIDs(events))
	if err != nil {
		return nil, err
	}
	var changes []*Change[T]
	for _, event := range events {
		c := newChange(g, event)
		c.document, c.loadedAt = found[event.Entity], began
		if c.document == nil || c.kind == ChangeRemoved {
			if !g.mayHaveRemoved(event) || g.only != "" {
				continue
			}
			c.kind, c.document = ChangeRemoved, nil
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// mayHaveRemoved reports whether the event may have removed a document, which the group doesn't see now, from what the
// group saw. If not, the event publishes no removal: either the document never matched, or another event publishes it.
func (g *group[T]) mayHaveRemoved(event *ChangeEvent) bool {
	if len(g.filtered) == 0 || event.Kind == ChangeRemoved || !g.viewpoint.sees(event) {
		return true
	}
	return slices.ContainsFunc(g.filtered, func(field string) bool {
		return slices.Contains(event.Changed, field) || (field == "updated_at" && event.Kind != ChangeCreated)
	})
}

// find returns the documents with these ids that the group sees.
func (g *group[T]) find(ctx context.Context, ids []store.ID) (map[store.ID]*T, error) {
	if len(ids) == 0 {
		return map[store.ID]*T{}, nil
	}
	return g.source.Load(ctx, g.scope, g.where, ids)
}

func (g *group[T]) end(err error) {
	for s := range g.streams {
		s.end(err)
	}
}

func (g *group[T]) empty() bool { return len(g.streams) == 0 }
