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
	// An event that can't be decoded concerns only viewers who see everything.
	if audience, changed, err := audienceOf(event); err == nil {
		change.Changed, change.Before, change.After = changed, audience.Before, audience.After
	}
	changes := []*live.ChangeEvent{change}
	envelope, ok, err := entity.DecodeEnvelope(event)
	if err != nil || !ok {
		return changes
	}
	for _, change := range catalog.VisibilityChanges(def, verb, envelope) {
		of := *event
		of.Entity = change.ID
		changes = append(changes, &live.ChangeEvent{
			Event: &of, Collection: change.Definition.Collection, Kind: live.ChangeUpdated, OnlyVisibility: true,
			Before: change.Audience.Before, After: change.Audience.After,
		})
	}
	return changes
}

// audienceOf returns the audience of an event, and the changed fields.
func audienceOf(event *store.Event) (entity.Audience, []string, error) {
	envelope, ok, err := entity.DecodeEnvelope(event)
	if err != nil || ok {
		return envelope.Audience, envelope.Changed(), err
	}
	data, err := DecodeEvent(event)
	if err != nil {
		return entity.Audience{}, nil, err
	}
	return data.audience(), data.Changed, nil
}
