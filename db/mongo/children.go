package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"crm/db/store"
)

// childField holds a child between two stages of FindChildren's pipeline.
const childField = "child"

// FindChildren implements store.Store. It is one command: a pipeline with a $lookup for each parent, which reads no
// more children than requested, or, if the server can't do that, one find of all children.
func (s *Store) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	if len(parents) == 0 {
		return nil
	}
	l, err := s.layout(c)
	if err != nil {
		return err
	}
	if _, err := l.field(parent); err != nil {
		return fmt.Errorf("cannot find children: %w", err)
	}
	if c.Shared {
		return s.findSharedChildren(ctx, l, parent, parents, q, next)
	}
	children, err := s.childrenQuery(ctx, l, parent, parents, q)
	if err != nil {
		return err
	}
	return s.runChildren(ctx, children, newDecodedChildren(l, parent, q, next).add)
}

func (s *Store) childrenQuery(
	ctx context.Context, l *layout, parent string, parents []store.ID, q store.Query,
) (*childrenQuery, error) {
	translated, err := s.query(ctx, l, q)
	if err != nil {
		return nil, err
	}
	translated.fields = l.projectionOf(q.Fields, parent)
	children := &childrenQuery{query: translated, parent: parent}
	for _, id := range parents {
		children.parents = append(children.parents, bson.ObjectID(id))
	}
	return children, nil
}

// runChildren calls row for each child, and perhaps for more children than the limit. Typed copies are few.
func (s *Store) runChildren(ctx context.Context, children *childrenQuery, row func(bson.Raw) error) error {
	if children.limit > 0 && !s.noLookup.Load() && children.prefix == "" {
		c := children.Collection
		cursor, err := s.collection(c).Aggregate(ctx, children.pipeline(), batchOf(len(children.parents)*children.limit))
		if err == nil {
			return s.each(ctx, c, cursor, row)
		}
		if !isUnsupported(err) {
			return FromMongoError(ctx, c, err)
		}
		s.noLookup.Store(true)
	}
	return s.find(ctx, children.flat(), row)
}

// childrenQuery is one call of FindChildren.
type childrenQuery struct {
	*query
	parent  string
	parents bson.A
}

// pipeline first finds the parents that have children, then the first children of each. The sub-pipeline runs per
// parent as a query of its own, so an index on (parent, order) gives it the first documents without a sort. Pipelines
// without such a join read all children ($setWindowFields), grow with the parents ($unionWith), or need MongoDB 6.0
// ($documents).
func (f *childrenQuery) pipeline() bson.A {
	children := bson.A{bson.D{{Key: "$match", Value: f.filter}}}
	if len(f.sort) > 0 {
		children = append(children, bson.D{{Key: "$sort", Value: f.sort}})
	}
	children = append(children,
		bson.D{{Key: "$limit", Value: int64(f.limit)}},
		bson.D{{Key: "$project", Value: f.fields}},
	)
	return bson.A{
		bson.D{{Key: "$match", Value: f.ofParents()}},
		bson.D{{Key: "$sort", Value: bson.D{sortKey(f.parent, false)}}}, // lets $group skip from parent to parent
		bson.D{{Key: "$group", Value: bson.D{{Key: idField, Value: "$" + f.parent}}}},
		bson.D{{Key: "$lookup", Value: bson.D{
			{Key: "from", Value: f.Name}, {Key: "localField", Value: idField}, {Key: "foreignField", Value: f.parent},
			{Key: "pipeline", Value: children}, {Key: "as", Value: childField},
		}}},
		bson.D{{Key: "$unwind", Value: "$" + childField}},
		bson.D{{Key: "$replaceRoot", Value: bson.D{{Key: "newRoot", Value: "$" + childField}}}},
	}
}

func (f *childrenQuery) ofParents() bson.D {
	return bson.D{{Key: f.path(f.parent), Value: bson.D{{Key: "$in", Value: f.parents}}}}
}

// flat is the query of all children of the parents, parent by parent.
func (f *childrenQuery) flat() *query {
	order := bson.D{sortKey(f.path(f.parent), false)}
	for _, key := range f.sort {
		if key.Key != f.path(f.parent) {
			order = append(order, key)
		}
	}
	return &query{layout: f.layout, filter: all(f.ofParents(), f.filter), sort: order, fields: f.fields}
}

// decodedChildren decodes rows into children of their parents.
type decodedChildren struct {
	decoder

	parent string
	limit  int
	next   func(store.ID) store.Document
	// read counts the children of each parent.
	read map[store.ID]int
}

func newDecodedChildren(l *layout, parent string, q store.Query, next func(store.ID) store.Document) *decodedChildren {
	return &decodedChildren{
		decoder: decoder{layout: l, fields: q.Fields}, parent: parent, limit: q.Limit, next: next, read: map[store.ID]int{},
	}
}

// add decodes a child, unless its parent has enough of them.
func (c *decodedChildren) add(row bson.Raw) error {
	parent, err := readID(row.Lookup(c.parent))
	if err != nil {
		return fmt.Errorf("cannot decode %s %s: field %s: %w", c.Name, row.Lookup(idField), c.parent, err)
	}
	if c.limit > 0 && c.read[parent] == c.limit {
		return nil
	}
	c.read[parent]++
	return c.decode(row, c.next(parent))
}

// unsupportedCodes are the error codes of servers that can't run the pipeline: CommandNotFound, CommandNotSupported,
// NotImplemented, an unknown stage, and before MongoDB 5.1, a $lookup in a sharded collection.
var unsupportedCodes = []int{59, 115, 238, 40324, 28769, 51069}

func isUnsupported(err error) bool {
	var server driver.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(unsupportedCodes, server.HasErrorCode)
}
