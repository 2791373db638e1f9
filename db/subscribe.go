package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/live"
	"crm/db/store"
)

// Subscribe subscribes to the changes of one entity's documents; see live.Subscribe.
func Subscribe[T any](
	ctx context.Context, d *DB, r *entity.Reader[T], viewer auth.Viewer, w live.Watch,
) (<-chan *live.Change[T], error) {
	return live.Subscribe(ctx, d.Broker, source[T]{r}, viewer, w)
}

// source implements live.Source.
type source[T any] struct{ reader *entity.Reader[T] }

func (s source[T]) Collection() *store.Collection { return s.reader.Definition().Collection }

func (s source[T]) GlobalID(id store.ID) string { return s.reader.Definition().Kind.GlobalID(id) }

func (s source[T]) Load(ctx context.Context, scope auth.Scope, where store.Filter, ids []store.ID) (map[store.ID]*T, error) {
	return s.reader.FindVisible(ctx, scope, where, ids)
}

// changeEvents implements live.Decode.
func changeEvents(event *store.Event) []*live.ChangeEvent {
	def, verb := catalog.ByEvent(event.Type)
	if def == nil {
		return nil
	}
	change := &live.ChangeEvent{Event: event, Collection: def.Collection, Kind: live.ChangeKind(verb)}
	if verb == entity.Deleted {
		change.Kind = live.ChangeRemoved
	}
	envelope, ok, err := entity.DecodeEnvelope(event)
	if err != nil { // it concerns only viewers who see everything
		return []*live.ChangeEvent{change}
	}
	if !ok {
		if old, err := DecodeEvent(event); err == nil {
			audience := old.audience()
			change.Changed, change.Before, change.After = old.Changed, audience.Before, audience.After
		}
		return []*live.ChangeEvent{change}
	}
	change.Changed, change.Before, change.After = envelope.Changed(), envelope.Audience.Before, envelope.Audience.After
	changes := []*live.ChangeEvent{change}
	for _, seen := range catalog.VisibilityChanges(def, verb, envelope) {
		of := *event
		of.Entity = seen.ID
		changes = append(changes, &live.ChangeEvent{
			Event: &of, Collection: seen.Definition.Collection, Kind: live.ChangeUpdated, OnlyVisibility: true,
			Before: seen.Audience.Before, After: seen.Audience.After,
		})
	}
	return changes
}
