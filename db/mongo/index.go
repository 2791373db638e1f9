package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// EnsureConstraints implements store.Store.
func (s *Store) EnsureConstraints(ctx context.Context) error {
	return s.build(ctx, func(i index) bool { return i.Unique })
}

// EnsureIndexes implements store.Store. MongoDB serves requests while it builds an index. An existing index on the same
// keys under another name is accepted.
func (s *Store) EnsureIndexes(ctx context.Context) error {
	ctx, cancel := withIndexTimeout(ctx)
	defer cancel()
	if err := s.build(ctx, func(index) bool { return true }); err != nil {
		return err
	}
	for _, c := range s.collections {
		l, err := s.layout(c)
		if err != nil {
			return err
		}
		if err := s.makeSearchable(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// build builds the missing indexes that wanted accepts.
func (s *Store) build(ctx context.Context, wanted func(index) bool) error {
	ctx, cancel := withIndexTimeout(ctx)
	defer cancel()
	for _, c := range s.collections {
		missing, err := s.missing(ctx, c)
		if err != nil {
			return err
		}
		missing = slices.DeleteFunc(missing, func(i index) bool { return !wanted(i) })
		if len(missing) == 0 {
			continue
		}
		if _, err := s.collection(c).Indexes().CreateMany(ctx, models(missing)); err != nil {
			return fmt.Errorf("cannot build indexes of %s: %w", c.Name, FromMongoError(ctx, c, err))
		}
	}
	return nil
}

// withIndexTimeout bounds the building of indexes, unless ctx has a deadline.
func withIndexTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, limited := ctx.Deadline(); limited {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, indexTimeout)
}

// MissingIndexes implements store.Store. It includes a searched field as long as any document lacks its trigrams.
func (s *Store) MissingIndexes(ctx context.Context) ([]string, error) {
	var names []string
	for _, c := range s.collections {
		missing, err := s.missing(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, i := range missing {
			names = append(names, i.Name)
		}
		for _, field := range c.Searched {
			lacks, err := s.lacksTrigrams(ctx, c, field)
			if err != nil {
				return nil, err
			}
			if lacks {
				names = append(names, c.Name+"."+trigramsOf(field))
			}
		}
	}
	return names, nil
}

func (s *Store) missing(ctx context.Context, c *store.Collection) ([]index, error) {
	l, err := s.layout(c)
	if err != nil {
		return nil, err
	}
	existing, err := s.existingIndexes(ctx, c)
	if err != nil {
		return nil, FromMongoError(ctx, c, err)
	}
	return slices.DeleteFunc(l.indexes(), func(wanted index) bool {
		return slices.ContainsFunc(existing, wanted.isMetBy)
	}), nil
}

func (s *Store) existingIndexes(ctx context.Context, c *store.Collection) ([]index, error) {
	cursor, err := s.collection(c).Indexes().List(ctx)
	if err != nil {
		return nil, err
	}
	var existing []index
	return existing, cursor.All(ctx, &existing)
}

// index is an index in MongoDB. unique and sparse are sent only if they are true, since some servers distinguish false
// from absent.
type index struct {
	Name   string `bson:"name"`
	Key    bson.D `bson:"key"`
	Unique bool   `bson:"unique,omitempty"`
	Sparse bool   `bson:"sparse,omitempty"`
	// Partial and Collation are options that existing indexes may have; such an index doesn't cover all documents, or
	// compares texts differently.
	Partial   bson.Raw `bson:"partialFilterExpression,omitempty"`
	Collation bson.Raw `bson:"collation,omitempty"`
}

// indexes returns the declared indexes, those of the searched fields, and the one by which MoveEvents finds documents.
// A unique index omits documents without its fields, such as deleted ones, so it can't give an order: another index
// does.
func (l *layout) indexes() []index {
	var indexes []index
	for _, declared := range l.Indexes {
		i := index{Name: declared.Name, Unique: declared.Unique, Sparse: declared.Unique && l.takesEvents()}
		for _, key := range declared.Keys {
			i.Key = append(i.Key, sortKey(key.Field, key.Desc))
		}
		indexes = append(indexes, i)
		if i.Sparse {
			order := append(slices.Clip(i.Key), sortKey(idField, false))
			indexes = append(indexes, index{Name: declared.Name + "_order", Key: order})
		}
	}
	for _, field := range l.Searched {
		key := bson.D{sortKey(trigramsOf(field), false)}
		indexes = append(indexes, index{Name: l.Name + "_" + trigramsOf(field), Key: key})
	}
	if l.typed != nil {
		key := bson.D{sortKey(l.typed.path(idField), false)}
		indexes = append(indexes, index{Name: l.Name + "_typed", Key: key, Sparse: true})
	}
	if l.takesEvents() {
		indexes = append(indexes, index{Name: l.Name + "_pending", Key: bson.D{sortKey(pendingAtField, false)}, Sparse: true})
	}
	return indexes
}

// isMetBy reports whether an existing index can replace this one.
func (i index) isMetBy(existing index) bool {
	return slices.EqualFunc(i.Key, existing.Key, sameKey) && (existing.Unique || !i.Unique) &&
		(i.Sparse || !existing.Sparse) && existing.Partial == nil && existing.Collation == nil
}

// sameKey compares keys of indexes. Servers and shells use different number types for the direction.
func sameKey(a, b bson.E) bool {
	return a.Key == b.Key && fmt.Sprint(a.Value) == fmt.Sprint(b.Value)
}

func models(indexes []index) []driver.IndexModel {
	models := make([]driver.IndexModel, len(indexes))
	for i, index := range indexes {
		settings := options.Index().SetName(index.Name)
		if index.Unique {
			settings.SetUnique(true)
		}
		if index.Sparse {
			settings.SetSparse(true)
		}
		models[i] = driver.IndexModel{Keys: index.Key, Options: settings}
	}
	return models
}
