package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

var _ store.Snapshotter = (*Store)(nil)

// Snapshot implements store.Snapshotter with a snapshot session, which replica sets and sharded clusters support. They keep a
// snapshot for minSnapshotHistoryWindowInSeconds, 5 minutes by default; reading one that is no longer kept fails. Other
// deployments have no snapshots.
func (s *Store) Snapshot(ctx context.Context, read func(ctx context.Context, f store.Finder, exact bool) error) error {
	session, err := s.client.StartSession(options.Session().SetSnapshot(true))
	if err != nil {
		return fmt.Errorf("cannot start a session: %w", err)
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	inSession := driver.NewSessionContext(ctx, session)
	err = s.collection(store.Events).FindOne(inSession, bson.D{}).Err()
	var refused driver.CommandError
	switch {
	case err == nil || errors.Is(err, driver.ErrNoDocuments):
		return read(inSession, s, true)
	case errors.As(err, &refused):
		return read(ctx, s, false)
	}
	return FromMongoError(ctx, store.Events, err)
}
