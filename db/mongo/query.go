package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"crm/db/store"
)

// query is a store.Query in MongoDB's language.
type query struct {
	*layout
	filter bson.D
	sort   bson.D
	limit  int
	// fields is the projection; nil means that of the layout.
	fields bson.D
}

// where returns the filter in MongoDB's language. It runs the filter's subqueries.
func (s *Store) where(ctx context.Context, l *layout, f store.Filter) (bson.D, error) {
	return translate(ctx, l, f, s.selected)
}

// query translates q; its filter matches only live documents.
func (s *Store) query(ctx context.Context, l *layout, q store.Query) (*query, error) {
	filter, err := s.where(ctx, l, q.Where)
	if err != nil {
		return nil, err
	}
	after, err := afterFilter(l, q)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s after the cursor: %w", l.Name, err)
	}
	translated := &query{layout: l, filter: l.live(all(filter, after)), limit: q.Limit, fields: l.projectionOf(q.Fields)}
	for _, key := range q.Sort {
		if _, err := l.field(key.Field); err != nil {
			return nil, fmt.Errorf("cannot sort: %w", err)
		}
		translated.sort = append(translated.sort, sortKey(l.path(key.Field), key.Desc))
	}
	return translated, nil
}

func sortKey(field string, desc bool) bson.E {
	if desc {
		return bson.E{Key: field, Value: -1}
	}
	return bson.E{Key: field, Value: 1}
}

// afterFilter matches the documents after the one with the values of q.After: for each key of the order, those with
// equal values of the earlier keys and a value of this one that is beyond.
func afterFilter(l *layout, q store.Query) (bson.D, error) {
	if len(q.After) == 0 {
		return nil, nil
	}
	values, err := encodeValues(q.After)
	if err != nil {
		return nil, err
	}
	if len(values) != len(q.Sort) {
		return nil, fmt.Errorf("there are %d values for an order of %d keys", len(values), len(q.Sort))
	}
	branches := make(bson.A, len(q.Sort))
	var equal bson.D
	for i, key := range q.Sort {
		beyond := bson.E{Key: l.path(key.Field), Value: bson.D{{Key: beyondOperator(key), Value: values[i]}}}
		branches[i] = append(equal[:len(equal):len(equal)], beyond)
		equal = append(equal, bson.E{Key: l.path(key.Field), Value: values[i]})
	}
	// The bound on the first key follows from the branches, but lets the server start reading an index there.
	bound := bson.D{{Key: beyondOperator(q.Sort[0]) + "e", Value: values[0]}}
	return bson.D{{Key: l.path(q.Sort[0].Field), Value: bound}, {Key: "$or", Value: branches}}, nil
}

func beyondOperator(key store.Sort) string {
	if key.Desc {
		return "$lt"
	}
	return "$gt"
}

// selected runs a subquery. It omits null values.
func (s *Store) selected(ctx context.Context, q *store.Subquery) (bson.A, error) {
	l, err := s.layout(q.Collection)
	if err != nil {
		return nil, err
	}
	if _, err := l.field(q.Select); err != nil {
		return nil, fmt.Errorf("cannot select: %w", err)
	}
	values := bson.A{}
	for _, v := range l.variants() {
		selected, err := s.selectedIn(ctx, v, q)
		if err != nil {
			return nil, err
		}
		values = append(values, selected...)
	}
	if len(values) > s.subqueryLimit {
		return nil, store.Errorf(store.BadInput, "the filter selects more than %d %s: narrow it",
			s.subqueryLimit, q.Collection.Name)
	}
	return values, nil
}

func (s *Store) selectedIn(ctx context.Context, l *layout, q *store.Subquery) (bson.A, error) {
	filter, err := s.where(ctx, l, q.Where)
	if err != nil {
		return nil, err
	}
	cursor, err := s.collection(q.Collection).Aggregate(ctx, s.selection(l, q.Select, filter), batchOf(s.subqueryLimit))
	if err != nil {
		return nil, FromMongoError(ctx, q.Collection, err)
	}
	values := bson.A{}
	err = s.each(ctx, q.Collection, cursor, func(row bson.Raw) error {
		if value := row.Lookup(idField); !isNull(value) {
			values = append(values, copyOf(value))
		}
		return nil
	})
	return values, err
}

// selection is the pipeline for the distinct values of a field, as _id, with one more than the limit. The distinct
// command would need no grouping, but has no limit.
func (s *Store) selection(l *layout, field string, filter bson.D) bson.A {
	pipeline := bson.A{bson.D{{Key: "$match", Value: l.live(filter)}}}
	if field != idField {
		pipeline = append(pipeline, bson.D{{Key: "$group", Value: bson.D{{Key: idField, Value: "$" + l.path(field)}}}})
	}
	return append(pipeline,
		bson.D{{Key: "$limit", Value: s.subqueryLimit + 2}}, // one of them may be null
		bson.D{{Key: "$project", Value: bson.D{{Key: idField, Value: 1}}}},
	)
}
