package legacy

import (
	"context"
	"fmt"

	"crm/db"
	"crm/db/store"
)

// oldField is a field in which only the old application repeats the id of a user. It has at least one user.
const oldField = "user_id"

// hasOldData reports whether the old application has written to the database.
func hasOldData(ctx context.Context, s store.Store) (bool, error) {
	adapter, ok := s.(store.Adapter)
	if !ok {
		return false, nil
	}
	return adapter.HasField(ctx, db.Users.Collection, oldField)
}

// Elsewhere returns what to tell the operator if the database is empty, but the old application's data is in another one
// of the same server; else nothing.
func Elsewhere(ctx context.Context, s store.Store, database string) (reports []string, err error) {
	adapter, ok := s.(store.Adapter)
	if !ok {
		return nil, nil
	}
	for _, def := range definitions {
		if n, err := s.Count(ctx, def.Collection, store.Filter{}); n > 0 || err != nil {
			return nil, err
		}
	}
	names, err := adapter.Elsewhere(ctx, db.Users.Collection, oldField)
	for _, name := range names {
		reports = append(reports, fmt.Sprintf(
			"the database %s is empty, but %s holds data of the old application; to use it, set MONGO_DATABASE=%s", database, name, name))
	}
	return reports, err
}
