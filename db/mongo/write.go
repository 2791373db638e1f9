package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// Insert implements store.Store.
func (s *Store) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	l, err := s.layout(c)
	if err != nil {
		return err
	}
	encoded, err := l.encode(doc, "")
	if err != nil {
		return err
	}
	if len(events) > 0 {
		pending, err := s.pending(l, events)
		if err != nil {
			return err
		}
		encoded = append(encoded,
			bson.E{Key: pendingField, Value: pending},
			bson.E{Key: pendingAtField, Value: bson.NewDateTimeFromTime(events[0].At)})
	}
	_, err = s.collection(c).InsertOne(ctx, encoded)
	return s.conflictOf(ctx, c, encoded, err)
}

// pending returns events as stored in pendingField.
func (s *Store) pending(l *layout, events []*store.Event) (bson.A, error) {
	if !l.takesEvents() {
		return nil, fmt.Errorf("cannot write events with a document of %s", l.Name)
	}
	log, err := s.layout(store.Events)
	if err != nil {
		return nil, err
	}
	encoded := make(bson.A, len(events))
	for i, event := range events {
		if encoded[i], err = log.encode(event, seqField); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

// Update implements store.Store.
func (s *Store) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	return s.writeVariant(c, func(l *layout) error {
		filter, err := s.where(ctx, l, where)
		if err != nil {
			return err
		}
		var update change
		if err := update.assign(l, set); err != nil {
			return err
		}
		if len(events) > 0 {
			pending, err := s.pending(l, events)
			if err != nil {
				return err
			}
			update.addEvents(pending, events[0].At)
		}
		return s.updateOne(ctx, l, l.byID(id, filter), &update)
	})
}

// writeVariant writes a document in that of a collection's variants in which it is found.
func (s *Store) writeVariant(c *store.Collection, write func(*layout) error) error {
	l, err := s.layout(c)
	if err != nil {
		return err
	}
	for _, v := range l.variants() {
		if err = write(v); store.CodeOf(err) != store.NotFound {
			return err
		}
	}
	return err
}

// updateOne applies a change to the one document that matches, and is NOT_FOUND if there is none.
func (s *Store) updateOne(ctx context.Context, l *layout, filter bson.D, update *change) error {
	document := update.document()
	if len(document) == 0 {
		settings := options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})
		return FromMongoError(ctx, l.Collection, s.collection(l.Collection).FindOne(ctx, filter, settings).Err())
	}
	result, err := s.collection(l.Collection).UpdateOne(ctx, filter, document)
	if err == nil && result.MatchedCount == 0 {
		err = driver.ErrNoDocuments
	}
	return s.conflictOf(ctx, l.Collection, update.set, err)
}

// Delete implements store.Store.
func (s *Store) Delete(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, events ...*store.Event,
) error {
	return s.writeVariant(c, func(l *layout) error {
		filter, err := s.where(ctx, l, where)
		if err != nil {
			return err
		}
		return s.delete(ctx, l, l.byID(id, filter), events)
	})
}

func (s *Store) delete(ctx context.Context, l *layout, filter bson.D, events []*store.Event) error {
	var update change
	if len(events) > 0 {
		pending, err := s.pending(l, events)
		if err != nil {
			return err
		}
		update.addEvents(pending, events[0].At)
	} else {
		result, err := s.collection(l.Collection).DeleteOne(ctx, l.withoutPending(filter))
		if err != nil || result.DeletedCount > 0 {
			return FromMongoError(ctx, l.Collection, err)
		}
	}
	update.markDeleted(l, time.Now())
	return s.updateOne(ctx, l, filter, &update)
}

// withoutPending narrows a filter to documents without pending events: only these may be removed at once.
func (l *layout) withoutPending(filter bson.D) bson.D {
	if !l.takesEvents() {
		return filter
	}
	return append(filter[:len(filter):len(filter)], bson.E{Key: pendingAtField, Value: nil})
}

// Claim implements store.Store.
func (s *Store) Claim(
	ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document,
) error {
	return s.writeVariant(c, func(l *layout) error {
		translated, err := s.query(ctx, l, q)
		if err != nil {
			return err
		}
		var update change
		if err := update.assign(l, set); err != nil {
			return err
		}
		settings := options.FindOneAndUpdate().SetReturnDocument(options.After)
		if len(translated.sort) > 0 {
			settings.SetSort(translated.sort)
		}
		raw, err := s.collection(c).FindOneAndUpdate(ctx, translated.filter, update.document(), settings).Raw()
		if err != nil {
			return FromMongoError(ctx, c, err)
		}
		return (&decoder{layout: l}).decode(l.unwrap(raw), doc)
	})
}

// Purge implements store.Store. It only marks documents with pending events as deleted, so that these aren't lost.
func (s *Store) Purge(ctx context.Context, c *store.Collection, where store.Filter, limit int) (int, error) {
	l, err := s.layout(c)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, v := range l.variants() {
		n, err := s.purge(ctx, v, where, limit-removed)
		if removed += n; err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) purge(ctx context.Context, l *layout, where store.Filter, limit int) (int, error) {
	c := l.Collection
	filter, err := s.where(ctx, l, where)
	if err != nil || limit <= 0 {
		return 0, err
	}
	filter = l.live(filter)
	ids, err := s.firstIDs(ctx, l, filter, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	filter = all(bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}}, filter)
	result, err := s.collection(c).DeleteMany(ctx, l.withoutPending(filter))
	if err != nil {
		return 0, FromMongoError(ctx, c, err)
	}
	removed := int(result.DeletedCount)
	if removed == len(ids) || !l.takesEvents() {
		return removed, nil
	}
	var update change
	update.markDeleted(l, time.Now())
	marked, err := s.collection(c).UpdateMany(ctx, filter, update.document())
	if err != nil {
		return removed, FromMongoError(ctx, c, err)
	}
	return removed + int(marked.MatchedCount), nil
}

// firstIDs returns the ids of at most limit documents that match.
func (s *Store) firstIDs(ctx context.Context, l *layout, filter bson.D, limit int) (bson.A, error) {
	ids := bson.A{}
	only := &layout{Collection: l.Collection, projection: bson.D{{Key: idField, Value: 1}}}
	err := s.find(ctx, &query{layout: only, filter: filter, limit: limit}, func(row bson.Raw) error {
		ids = append(ids, copyOf(row.Lookup(idField)))
		return nil
	})
	return ids, err
}

// copyOf returns a copy that stays valid when the value's cursor advances.
func copyOf(value bson.RawValue) bson.RawValue {
	return bson.RawValue{Type: value.Type, Value: append([]byte(nil), value.Value...)}
}
