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
	translated, err := s.query(ctx, c, q)
	if err != nil {
		return err
	}
	return s.find(ctx, translated, func(row bson.Raw) error { return translated.decode(row, next()) })
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
	return s.each(ctx, q.Collection, cursor, row)
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
	l, filter, err := s.where(ctx, c, where)
	if err != nil {
		return 0, err
	}
	n, err := s.collection(c).CountDocuments(ctx, l.live(filter))
	if err != nil {
		return 0, FromMongoError(ctx, c, err)
	}
	return int(n), nil
}

// CountBy implements store.Store.
func (s *Store) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	if len(values) == 0 {
		return map[store.ID]int{}, nil
	}
	l, filter, err := s.where(ctx, c, store.And(store.In(field, values), where))
	if err != nil {
		return nil, err
	}
	pipeline := bson.A{
		bson.D{{Key: "$match", Value: l.live(filter)}},
		bson.D{{Key: "$group", Value: bson.D{
			{Key: idField, Value: "$" + field}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}},
		}}},
	}
	cursor, err := s.collection(c).Aggregate(ctx, pipeline, batchOf(len(values)))
	if err != nil {
		return nil, FromMongoError(ctx, c, err)
	}
	counts := make(map[store.ID]int, len(values))
	err = s.each(ctx, c, cursor, func(row bson.Raw) error {
		id, err := readID(row.Lookup(idField))
		if err != nil {
			return fmt.Errorf("cannot count %s by %s: %w", c.Name, field, err)
		}
		counts[id], err = readInt(row.Lookup("n"))
		return err
	})
	return counts, err
}
