package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// carrier is a document with pending events, in their order.
type carrier struct {
	layout  *layout
	id      bson.RawValue
	at      int64
	deleted bool
	events  []bson.Raw
}

// firstID returns the id of the first event, by which two of the same millisecond and process are in order.
func (c *carrier) firstID() []byte {
	if len(c.events) == 0 {
		return nil
	}
	return c.events[0].Lookup(idField).Value
}

// carriersIn returns documents of a collection that MoveEvents has to look at, with the first limit of their events. One
// document may hold thousands of events, which is why it takes two commands: a find returns all events of a document
// or none, and an $unwind passes over documents without events, whose markers have to go.
func (s *Store) carriersIn(ctx context.Context, l *layout, limit int) ([]carrier, error) {
	carriers, err := s.marked(ctx, l, limit)
	if err != nil || len(carriers) == 0 {
		return nil, err
	}
	index := make(map[string]int, len(carriers))
	for i := range carriers {
		index[carriers[i].id.String()] = i
	}
	read := 0
	err = s.eachPending(ctx, l, limit, func(id bson.RawValue, event bson.Raw) {
		i, ok := index[id.String()]
		if !ok { // it has been marked since
			i = len(carriers)
			index[id.String()] = i
			carriers = append(carriers, carrier{layout: l, id: id})
		}
		carriers[i].events = append(carriers[i].events, event)
		read++
	})
	if err != nil {
		return nil, err
	}
	if read >= limit {
		// The events of the other documents may be beyond the limit. Their turn comes when these have been moved.
		carriers = slices.DeleteFunc(carriers, func(c carrier) bool { return len(c.events) == 0 })
	}
	return carriers, nil
}

// pendingFilter matches the documents that MoveEvents has to look at, and pendingOrder is the order in which it does.
func pendingFilter() bson.D {
	return bson.D{{Key: pendingAtField, Value: bson.D{{Key: "$exists", Value: true}}}}
}

func pendingOrder() bson.D { return bson.D{sortKey(pendingAtField, false)} }

// marked returns at most limit documents that MoveEvents has to look at, without their events.
func (s *Store) marked(ctx context.Context, l *layout, limit int) ([]carrier, error) {
	q := &query{
		layout: &layout{Collection: l.Collection, projection: bson.D{
			{Key: idField, Value: 1}, {Key: pendingAtField, Value: 1}, {Key: deletedAtField, Value: 1},
		}},
		filter: pendingFilter(),
		sort:   pendingOrder(),
		limit:  limit,
	}
	var carriers []carrier
	err := s.find(ctx, q, func(row bson.Raw) error {
		c := carrier{layout: l, id: copyOf(row.Lookup(idField)), deleted: !isNull(row.Lookup(deletedAtField))}
		c.at, _ = row.Lookup(pendingAtField).DateTimeOK()
		carriers = append(carriers, c)
		return nil
	})
	return carriers, err
}

// eachPending calls event for each of the first limit pending events of a collection, those of one document in order.
// The index on the marker gives the order, so the server reads no more documents than it takes.
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
