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
		err := s.client.Database(name).Collection(c.Name).FindOne(ctx, bson.D{{Key: field, Value: bson.D{{Key: "$exists", Value: true}}}},
			options.FindOne().SetProjection(bson.D{{Key: idField, Value: 1}})).Err()
		switch {
		case err == nil:
			found = append(found, name)
		case errors.Is(err, driver.ErrNoDocuments), errors.As(err, &refused):
		default:
			return found, FromMongoError(ctx, c, err)
		}
	}
	return found, nil
}
