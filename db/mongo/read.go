package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"crm/db/store"
)

// maxBatch is the maximum number of documents requested at once; the server sends fewer if they are large.
const maxBatch = 100_000

// Find implements store.Store.
func (s *Store) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	l, err := s.layout(c)
	if err != nil {
		return err
	}
	if c.Shared {
		return s.findShared(ctx, l, q, next)
	}
	translated, err := s.query(ctx, l, q)
	if err != nil {
		return err
	}
	d := decoder{layout: l, fields: q.Fields}
	return s.find(ctx, translated, func(row bson.Raw) error { return d.decode(row, next()) })
}

// find runs a query in one round trip, unless there are very many or large documents.
func (s *Store) find(ctx context.Context, q *query, row func(bson.Raw) error) error {
	settings := options.Find().SetProjection(q.projection)
	if q.fields != nil {
		settings.SetProjection(q.fields)
	}
	if len(q.sort) > 0 {
		settings.SetSort(q.sort)
	}
	if q.limit > 0 {
		// One more than the limit, else the server would keep a cursor open and the driver would request the rest.
		settings.SetLimit(int64(q.limit)).SetBatchSize(int32(min(q.limit, maxBatch) + 1))
	}
	from := s.collection(q.Collection)
	if q.Collection == store.Events {
		// Published events can't be revoked, so don't read one that only a deposed primary has, which will be rolled
		// back.
		from = from.Clone(options.Collection().SetReadConcern(readconcern.Majority()))
	}
	cursor, err := from.Find(ctx, q.filter, settings)
	if err != nil {
		return FromMongoError(ctx, q.Collection, err)
	}
	return s.each(ctx, q.Collection, cursor, func(found bson.Raw) error { return row(q.unwrap(found)) })
}

// unwrap returns the typed copy in a row, if the rows are those.
func (l *layout) unwrap(row bson.Raw) bson.Raw {
	if l.prefix == "" {
		return row
	}
	copied, _ := row.Lookup(typedField).DocumentOK()
	return copied
}

// each calls row for each document of a cursor and closes it.
func (s *Store) each(ctx context.Context, c *store.Collection, cursor *driver.Cursor, row func(bson.Raw) error) error {
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		if err := row(cursor.Current); err != nil {
			return err
		}
	}
	return FromMongoError(ctx, c, cursor.Err())
}

// batchOf lets a pipeline with at most n results answer in one round trip.
func batchOf(n int) *options.AggregateOptionsBuilder {
	return options.Aggregate().SetBatchSize(int32(min(n, maxBatch) + 3))
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	l, err := s.layout(c)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, v := range l.variants() {
		filter, err := s.where(ctx, v, where)
		if err != nil {
			return 0, err
		}
		n, err := s.collection(c).CountDocuments(ctx, v.live(filter))
		if err != nil {
			return 0, FromMongoError(ctx, c, err)
		}
		total += int(n)
	}
	return total, nil
}

// CountBy implements store.Store.
func (s *Store) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	if len(values) == 0 {
		return map[store.ID]int{}, nil
	}
	l, err := s.layout(c)
	if err != nil {
		return nil, err
	}
	counts := make(map[store.ID]int, len(values))
	for _, v := range l.variants() {
		if err := s.countBy(ctx, v, field, store.And(store.In(field, values), where), counts); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func (s *Store) countBy(ctx context.Context, l *layout, field string, where store.Filter, counts map[store.ID]int) error {
	filter, err := s.where(ctx, l, where)
	if err != nil {
		return err
	}
	pipeline := bson.A{
		bson.D{{Key: "$match", Value: l.live(filter)}},
		bson.D{{Key: "$group", Value: bson.D{
			{Key: idField, Value: "$" + l.path(field)}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}},
		}}},
	}
	cursor, err := s.collection(l.Collection).Aggregate(ctx, pipeline, batchOf(maxBatch))
	if err != nil {
		return FromMongoError(ctx, l.Collection, err)
	}
	return s.each(ctx, l.Collection, cursor, func(row bson.Raw) error {
		id, err := readID(row.Lookup(idField))
		if err != nil {
			return fmt.Errorf("cannot count %s by %s: %w", l.Name, field, err)
		}
		n, err := readInt(row.Lookup("n"))
		counts[id] += n
		return err
	})
}
