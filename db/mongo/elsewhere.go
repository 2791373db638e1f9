package mongo

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

// internalDatabases are those of the server itself.
var internalDatabases = []string{"admin", "config", "local"}

// oldDatabase is the database of the old application. It is looked at even if the account may not list all databases.
const oldDatabase = "Cluster0"

// HasField implements store.Adapter.
func (s *Store) HasField(ctx context.Context, c *store.Collection, field string) (bool, error) {
	found, err := hasField(ctx, s.database, c, field)
	return found, FromMongoError(ctx, c, err)
}

func hasField(ctx context.Context, database *driver.Database, c *store.Collection, field string) (bool, error) {
	err := database.Collection(c.Name).FindOne(ctx, bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}},
		options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// Elsewhere implements store.Adapter.
func (s *Store) Elsewhere(ctx context.Context, c *store.Collection, field string) ([]string, error) {
	names, err := s.client.ListDatabaseNames(ctx, bson.D{})
	var refused driver.ServerError
	if err != nil && !errors.As(err, &refused) {
		return nil, FromMongoError(ctx, c, err)
	}
	if !slices.Contains(names, oldDatabase) {
		names = append(names, oldDatabase)
	}
	var found []string
	for _, name := range names {
		if name == s.database.Name() || slices.Contains(internalDatabases, name) {
			continue
		}
		has, err := hasField(ctx, s.client.Database(name), c, field)
		if err != nil && !errors.As(err, &refused) {
			return found, FromMongoError(ctx, c, err)
		}
		if has {
			found = append(found, name)
		}
	}
	return found, nil
}
