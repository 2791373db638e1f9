package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"crm/db/store"
)

func testContext(t *testing.T, e Engine) {
	s := e.Open(t, things)
	doc := newThing()
	insert(t, s, things, doc)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()

	for name, operate := range operations(s, doc) {
		if err := operate(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: got %v, want %v", name, err, context.Canceled)
		}
		if err := operate(expired); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s with an expired context: got %v, want %v", name, err, context.DeadlineExceeded)
		}
	}
	sameThings(t, findThings(t, s, store.Query{}), doc)
	wantCode(t, "Ping", s.Ping(t.Context()), "")
	wantCode(t, "EnsureIndexes again", s.EnsureIndexes(t.Context()), "")
}

// operations returns one call of each operation, which succeeds unless its context ends.
func operations(s store.Store, doc *thing) map[string]func(context.Context) error {
	set := []store.Assignment{{Field: "name", Value: "new"}}
	byID := store.Query{Sort: []store.Sort{{Field: "_id"}}}
	all := store.Filter{}
	return map[string]func(context.Context) error{
		"Insert": func(ctx context.Context) error { return s.Insert(ctx, things, newThing()) },
		"Update": func(ctx context.Context) error { return s.Update(ctx, things, doc.ID, all, set) },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, things, doc.ID, all) },
		"Find": func(ctx context.Context) error {
			return s.Find(ctx, things, byID, func() store.Document { return new(thing) })
		},
		"FindChildren": func(ctx context.Context) error {
			next := func(store.ID) store.Document { return new(thing) }
			return s.FindChildren(ctx, things, "parent_id", []store.ID{doc.Parent}, byID, next)
		},
		"Count": func(ctx context.Context) error {
			_, err := s.Count(ctx, things, all)
			return err
		},
		"CountBy": func(ctx context.Context) error {
			_, err := s.CountBy(ctx, things, "parent_id", []store.ID{doc.Parent}, all)
			return err
		},
		"Claim": func(ctx context.Context) error { return s.Claim(ctx, things, byID, set, new(thing)) },
		"MoveEvents": func(ctx context.Context) error {
			_, err := s.MoveEvents(ctx, 10)
			return err
		},
		"Purge": func(ctx context.Context) error {
			_, err := s.Purge(ctx, things, all, 10)
			return err
		},
	}
}
