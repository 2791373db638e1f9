package legacy

import (
	"context"
	"fmt"

	"crm/db"
	"crm/db/store"
)

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
	const own = "user_id" // the old application repeated the id of a user in it
	names, err := adapter.Elsewhere(ctx, db.Users.Collection, own)
	for _, name := range names {
		reports = append(reports, fmt.Sprintf(
			"the database %s is empty, but %s holds data of the old application; to use it, set MONGO_DATABASE=%s", database, name, name))
	}
	return reports, err
}
