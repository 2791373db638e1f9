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
	// Changed names the stored fields whose values changed.
	Changed []string
	// Before and After are the keys of those who saw the document before the change, and who see it after. An event
	// without keys concerns only viewers who see everything.
	Before, After []auth.AudienceKey
	// OnlyVisibility says that the document itself didn't change, but only who sees it. That concerns no others.
	OnlyVisibility bool
}

// viewpoint decides which documents the subscribers of a group see.
type viewpoint struct {
	all  bool
	keys []auth.AudienceKey
}

func viewpointOf(scope auth.Scope) viewpoint {
	return viewpoint{all: scope.SeesAll(), keys: scope.AudienceKeys()}
}

// sees reports whether the viewpoint includes the document after the change.
func (v viewpoint) sees(event *ChangeEvent) bool {
	return v.all && !event.OnlyVisibility || auth.ShareKey(v.keys, event.After)
}

// saw reports whether the viewpoint included the document before the change.
func (v viewpoint) saw(event *ChangeEvent) bool {
	return v.all && !event.OnlyVisibility || auth.ShareKey(v.keys, event.Before)
}

// changeEvents decodes events and returns them by collection. A panic while one is decoded doesn't stop the others.
func (b *Broker) changeEvents(ctx context.Context, events []*store.Event) map[*store.Collection][]*ChangeEvent {
	found := make(map[*store.Collection][]*ChangeEvent)
	for _, event := range events {
		changes, err := eventlog.Guard(func() ([]*ChangeEvent, error) { return b.decode(event), nil })
		if err != nil {
			b.recovered(ctx, event, err)
			continue
		}
		for _, change := range changes {
			found[change.Collection] = append(found[change.Collection], change)
		}
	}
	return found
}

// changedIDs returns the distinct ids of the documents that the events didn't remove.
func changedIDs(events []*ChangeEvent) []store.ID {
	var ids []store.ID
	for _, event := range events {
		if event.Kind != ChangeRemoved && !slices.Contains(ids, event.Entity) {
			ids = append(ids, event.Entity)
		}
	}
	return ids
}
