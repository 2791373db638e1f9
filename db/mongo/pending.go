package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// pendingDoc is a document with its pending events, in order.
type pendingDoc struct {
	layout  *layout
	id      bson.RawValue
	at      int64
	deleted bool
	events  []bson.Raw
}

// firstID returns the id of the first event, which orders events of one process within a millisecond.
func (d *pendingDoc) firstID() []byte {
	if len(d.events) == 0 {
		return nil
	}
	return d.events[0].Lookup(idField).Value
}

// pendingDocsIn returns the documents of a collection that MoveEvents has to visit, with the first limit of their
// events. It takes two commands, because one document may hold thousands of events: a find returns all events of a
// document or none, and an $unwind skips documents without events, whose markers have to be removed.
func (s *Store) pendingDocsIn(ctx context.Context, l *layout, limit int) ([]pendingDoc, error) {
	pendingDocs, err := s.marked(ctx, l, limit)
	if err != nil || len(pendingDocs) == 0 {
		return nil, err
	}
	index := make(map[string]int, len(pendingDocs))
	for i := range pendingDocs {
		index[pendingDocs[i].id.String()] = i
	}
	read := 0
	err = s.eachPending(ctx, l, limit, func(id bson.RawValue, event bson.Raw) {
		i, ok := index[id.String()]
		if !ok { // marked since the first command
			i = len(pendingDocs)
			index[id.String()] = i
			pendingDocs = append(pendingDocs, pendingDoc{layout: l, id: id})
		}
		pendingDocs[i].events = append(pendingDocs[i].events, event)
		read++
	})
	if err != nil {
		return nil, err
	}
	if read >= limit {
		// The events of the other documents may be beyond the limit. A later call moves them.
		pendingDocs = slices.DeleteFunc(pendingDocs, func(c pendingDoc) bool { return len(c.events) == 0 })
	}
	return pendingDocs, nil
}

// pendingFilter matches the documents that MoveEvents has to visit, and pendingOrder is their order.
func pendingFilter() bson.D {
	return bson.D{{Key: pendingAtField, Value: bson.D{{Key: "$exists", Value: true}}}}
}

func pendingOrder() bson.D { return bson.D{sortKey(pendingAtField, false)} }

// marked returns at most limit documents that MoveEvents has to visit, without their events.
func (s *Store) marked(ctx context.Context, l *layout, limit int) ([]pendingDoc, error) {
	q := &query{
		layout: &layout{Collection: l.Collection, projection: bson.D{
			{Key: idField, Value: 1}, {Key: pendingAtField, Value: 1}, {Key: deletedAtField, Value: 1},
		}},
		filter: pendingFilter(),
		sort:   pendingOrder(),
		limit:  limit,
	}
	var pendingDocs []pendingDoc
	err := s.find(ctx, q, func(row bson.Raw) error {
		c := pendingDoc{layout: l, id: copyOf(row.Lookup(idField)), deleted: !isNull(row.Lookup(deletedAtField))}
		c.at, _ = row.Lookup(pendingAtField).DateTimeOK()
		pendingDocs = append(pendingDocs, c)
		return nil
	})
	return pendingDocs, err
}

// eachPending calls event for each of the first limit pending events of a collection, those of one document in order.
// The index on the marker gives the order, so the server reads no more documents than necessary.
func (s *Store) eachPending(
	ctx context.Context, l *layout, limit int, event func(id bson.RawValue, event bson.Raw),
) error {
	n := int64(limit)
	pipeline := bson.A{
		bson.D{{Key: "$match", Value: pendingFilter()}},
		bson.D{{Key: "$sort", Value: pendingOrder()}},
		bson.D{{Key: "$project", Value: bson.D{{Key: pendingField, Value: 1}}}},
		bson.D{{Key: "$unwind", Value: "$" + pendingField}},
		bson.D{{Key: "$limit", Value: n}},
	}
	cursor, err := s.collection(l.Collection).Aggregate(ctx, pipeline, batchOf(limit))
	if err != nil {
		return FromMongoError(ctx, l.Collection, err)
	}
	return s.each(ctx, l.Collection, cursor, func(row bson.Raw) error {
		id, value := row.Lookup(idField), row.Lookup(pendingField)
		pending, ok := value.DocumentOK()
		if !ok {
			return fmt.Errorf("cannot decode %s %s: field %s: it holds a %s", l.Name, id, pendingField, value.Type)
		}
		event(copyOf(id), slices.Clone(pending))
		return nil
	})
}
