package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// loadBytes is how much is sent to the server at a time, so that a slow connection carries it within operationTimeout.
const loadBytes = 1 << 20

var _ store.Loader = (*Store)(nil)

// Load implements store.Loader.
func (s *Store) Load(ctx context.Context, c *store.Collection, docs []store.Document) error {
	l, err := s.layout(c)
	if err != nil {
		return err
	}
	var waiting []any
	size := 0
	for _, doc := range docs {
		encoded, err := l.encode(doc, "")
		if err != nil {
			return err
		}
		raw, err := bson.Marshal(encoded)
		if err != nil {
			return fmt.Errorf("cannot encode a document of %s: %w", c.Name, err)
		}
		if size+len(raw) > loadBytes && len(waiting) > 0 {
			if err := s.insertMany(ctx, c, waiting); err != nil {
				return err
			}
			waiting, size = waiting[:0], 0
		}
		waiting, size = append(waiting, bson.Raw(raw)), size+len(raw)
	}
	if len(waiting) == 0 {
		return nil
	}
	return s.insertMany(ctx, c, waiting)
}

func (s *Store) insertMany(ctx context.Context, c *store.Collection, docs []any) error {
	_, err := s.collection(c).InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	return FromMongoError(ctx, c, err)
}
