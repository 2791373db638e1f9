package cache

import (
	"context"

	"crm/db/store"
)

var _ store.Snapshotter = (*Store)(nil)

// Snapshot implements store.Snapshotter with a snapshot of the engine, past the cache.
func (s *Store) Snapshot(ctx context.Context, read func(ctx context.Context, f store.Finder, exact bool) error) error {
	if engine, ok := s.Store.(store.Snapshotter); ok {
		return engine.Snapshot(ctx, read)
	}
	return read(ctx, s.Store, false)
}
