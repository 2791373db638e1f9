package live

import (
	"context"
	"slices"

	"crm/auth"
	"crm/db/eventlog"
	"crm/db/store"
)

// ChangeEvent is an event of a document that can be subscribed to.
type ChangeEvent struct {
	*store.Event

	// Collection is where the document is stored.
	Collection *store.Collection
	Kind       ChangeKind
	// Changed names the stored fields that the change gave another value.
	Changed []string
	// Before and After are the keys of those who saw the document before, and see it after the change. Without any it
	// concerns only those who see everything.
	Before, After []auth.Key
}

// viewpoint is what the subscribers of a group see documents by.
type viewpoint struct {
	all  bool
	keys []auth.Key
}

func viewpointOf(scope auth.Scope) viewpoint {
	return viewpoint{all: scope.SeesAll(), keys: scope.Keys()}
}

// sees reports whether the document can be seen from there after the change.
func (v viewpoint) sees(event *ChangeEvent) bool {
	return v.all || auth.ShareKey(v.keys, event.After)
}

// saw reports whether the document could be seen from there before the change.
func (v viewpoint) saw(event *ChangeEvent) bool {
	return v.all || auth.ShareKey(v.keys, event.Before)
}

// changeEvents decodes events and returns them by collection. A panic while one is decoded doesn't stop the others.
func (b *Broker) changeEvents(ctx context.Context, events []*store.Event) map[*store.Collection][]*ChangeEvent {
	found := make(map[*store.Collection][]*ChangeEvent)
	for _, event := range events {
		change, err := eventlog.Guard(func() (*ChangeEvent, error) { return b.decode(event), nil })
		if err != nil {
			b.recovered(ctx, event, err)
			continue
		}
		if change != nil {
			found[change.Collection] = append(found[change.Collection], change)
		}
	}
	return found
}

// changedIDs returns the ids of the documents that are still there after the events, each once.
func changedIDs(events []*ChangeEvent) []store.ID {
	var ids []store.ID
	for _, event := range events {
		if event.Kind != ChangeRemoved && !slices.Contains(ids, event.Entity) {
			ids = append(ids, event.Entity)
		}
	}
	return ids
}
