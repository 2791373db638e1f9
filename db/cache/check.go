package cache

import (
	"context"

	"crm/db/store"
)

var _ store.Checker = (*Store)(nil)

// Check implements store.Checker with the engine's check.
func (s *Store) Check(ctx context.Context) (flaws []string, err error) {
	if engine, ok := s.Store.(store.Checker); ok {
		return engine.Check(ctx)
	}
	return nil, nil
}
