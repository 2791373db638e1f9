package notify

import (
	"context"
	"sync"

	"crm/db/store"
)

// troubledStore is a store with injected failures.
type troubledStore struct {
	store.Store
	mutex   sync.Mutex
	trouble func(op string, doc store.Document) error
	finding func(c *store.Collection, q store.Query)
}

func (s *troubledStore) fail(op string, doc store.Document) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.trouble == nil {
		return nil
	}
	return s.trouble(op, doc)
}

func (s *troubledStore) set(trouble func(op string, doc store.Document) error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.trouble = trouble
}

func (s *troubledStore) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if err := s.fail("insert", doc); err != nil {
		return err
	}
	return s.Store.Insert(ctx, c, doc, events...)
}

func (s *troubledStore) Update(
	ctx context.Context, c *store.Collection, id store.ID, where store.Filter, set []store.Assignment, events ...*store.Event,
) error {
	if err := s.fail("update", nil); err != nil {
		return err
	}
	return s.Store.Update(ctx, c, id, where, set, events...)
}

func (s *troubledStore) MoveEvents(ctx context.Context, limit int) (int, error) {
	if err := s.fail("move", nil); err != nil {
		return 0, err
	}
	return s.Store.MoveEvents(ctx, limit)
}

func (s *troubledStore) Claim(
	ctx context.Context, c *store.Collection, q store.Query, set []store.Assignment, doc store.Document,
) error {
	if err := s.fail("claim", nil); err != nil {
		return err
	}
	return s.Store.Claim(ctx, c, q, set, doc)
}

// onFind sets a function to call before each Find.
func (s *troubledStore) onFind(do func(c *store.Collection, q store.Query)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.finding = do
}

func (s *troubledStore) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	s.mutex.Lock()
	do := s.finding
	s.mutex.Unlock()
	if do != nil {
		do(c, q)
	}
	return s.Store.Find(ctx, c, q, next)
}
