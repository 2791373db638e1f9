package cache_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"crm/db/cache"
	"crm/db/store"
)

// remembering is a store whose answers to questions are kept as responses.
type remembering struct {
	*cache.Store

	recalled atomic.Int64
}

func (r *remembering) ask(ctx context.Context, question, n int) (string, error) {
	key := [16]byte{byte(question % len(questions)), byte(n)}
	if kept, _, ok := r.Recall(key); ok {
		r.recalled.Add(1)
		return kept, nil
	}
	ctx, keep := r.Record(ctx)
	text, err := questions[question%len(questions)](ctx, r.Store, n)
	if err == nil {
		keep(key, []byte(text), 1)
	}
	return text, err
}

// responseTo asks a question and keeps the answer as a response.
func responseTo(ask func(context.Context, store.Store) (string, error)) func(context.Context, store.Store) (string, error) {
	return func(ctx context.Context, s store.Store) (string, error) {
		cached, ok := s.(*cache.Store)
		if !ok {
			return ask(ctx, s)
		}
		if kept, _, ok := cached.Recall([16]byte{}); ok {
			return kept, nil
		}
		ctx, keep := cached.Record(ctx)
		text, err := ask(ctx, s)
		if err == nil {
			keep([16]byte{}, []byte(text), 1)
		}
		return text, err
	}
}

// TestWhichResponsesAreKept makes responses from several reads, from memory and not.
func TestWhichResponsesAreKept(t *testing.T) {
	t.Parallel()
	readOther := func(ctx context.Context, s store.Store) error { // the cache keeps nothing about events
		_, err := s.Count(ctx, store.Events, store.Filter{})
		return err
	}
	readBoth := func(ctx context.Context, s store.Store) error {
		if _, err := ofProjects(projectID(1), projectID(3))(ctx, s); err != nil {
			return err
		}
		_, err := s.Count(ctx, tasks, store.Eq("project_id", projectID(2)))
		return err
	}
	touch := func(n int) func(ctx context.Context, s store.Store) error {
		return func(ctx context.Context, s store.Store) error {
			return s.Update(ctx, tasks, taskID(n), store.Filter{}, []store.Assignment{{Field: "title", Value: "another"}})
		}
	}
	readOne := func(ctx context.Context, s store.Store) error {
		_, err := ofProjects(projectID(1))(ctx, s)
		return err
	}
	nothing := func(context.Context, store.Store) error { return nil }
	for name, test := range map[string]struct {
		before, read, after func(context.Context, store.Store) error
		reads, size         int
		kept                bool
	}{
		"two reads":                           {nothing, readBoth, nothing, 2, 100, true},
		"from memory":                         {readBoth, readBoth, nothing, 2, 100, true},
		"half from memory":                    {readOne, readBoth, nothing, 2, 100, true},
		"no read":                             {nothing, nothing, nothing, 0, 100, true},
		"a read of what isn't kept":           {nothing, readOther, nothing, 1, 100, false},
		"a read elsewhere":                    {nothing, readBoth, nothing, 3, 100, false},
		"a change of the first that was read": {nothing, readBoth, touch(1), 2, 100, false},
		"a change of what wasn't read":        {nothing, readBoth, touch(0), 2, 100, true},
		"too large":                           {nothing, readBoth, nothing, 2, roomyCache / 32, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := openHooked(t)
			must(t, test.before(t.Context(), s))
			ctx, keep := s.Record(t.Context())
			must(t, test.read(ctx, s))
			response := strings.Repeat("x", test.size)
			keep([16]byte{1}, []byte(response), test.reads)
			must(t, test.after(t.Context(), s))
			kept, reads, ok := s.Recall([16]byte{1})
			if ok != test.kept || ok && (kept != response || reads != test.reads) {
				t.Errorf("kept: %t, %d bytes from %d reads", ok, len(kept), reads)
			}
			if _, _, ok := s.Recall([16]byte{2}); ok {
				t.Error("another key has a response")
			}
		})
	}
}
