package cache_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"crm/db/cache"
	"crm/db/sqlite"
	"crm/db/store"
)

// TestAnswersAreSerial asks and changes at random in many goroutines. The log of events then tells in which order the
// changes took effect. They are made again in that order, one after the other, in an engine without a cache, and every
// answer must be the one that this engine gives at a time after the changes that had been acknowledged before the question,
// and before those that began after the answer.
func TestAnswersAreSerial(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]store.Store{"without a cache": openEngine(t), "with a cache": open(t, tasks, projects)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &history{store: s}
			h.play(t)
			h.check(t)
		})
	}
}

func openEngine(tb testing.TB) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "crm.db"), []*store.Collection{tasks, projects})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// history is what happened in a store. Times are numbers that grow.
type history struct {
	store store.Store
	clock atomic.Int64

	mutex   sync.Mutex
	changes map[store.ID]*made
	answers []*given
}

// made is a change that was made.
type made struct {
	kind, n, value int
	began, ended   int64
}

// given is an answer that was given.
type given struct {
	question, n  int
	text         string
	began, ended int64
	// first and last are the numbers of changes after which the answer may have been right.
	first, last int
	explained   bool
}

// players is how many goroutines play.
const players = 16

func (h *history) play(t *testing.T) {
	steps := 250
	if os.Getenv("THOROUGH") != "" {
		steps = 1000
	}
	h.changes = make(map[store.ID]*made)
	var playing sync.WaitGroup
	for player := range players {
		playing.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(player), uint64(steps)))
			for range steps {
				if rng.IntN(4) == 0 {
					h.change(t.Context(), &made{kind: rng.IntN(100), n: rng.IntN(100), value: rng.IntN(100)})
				} else if err := h.ask(t.Context(), &given{question: rng.IntN(len(questions)), n: rng.IntN(12)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	playing.Wait()
}

func (h *history) change(ctx context.Context, c *made) {
	event := &store.Event{ID: store.NewID()}
	h.mutex.Lock()
	h.changes[event.ID] = c
	h.mutex.Unlock()
	c.began = h.clock.Add(1)
	_ = change(ctx, h.store, c.kind, c.n, c.value, event) // if it fails, its event isn't in the log
	c.ended = h.clock.Add(1)
}

func (h *history) ask(ctx context.Context, a *given) (err error) {
	a.began = h.clock.Add(1)
	a.text, err = ask(ctx, h.store, a.question, a.n)
	a.ended = h.clock.Add(1)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.answers = append(h.answers, a)
	return err
}

// serial returns the changes in the order in which they took effect.
func (h *history) serial(t *testing.T) (serial []*made) {
	t.Helper()
	event := new(store.Event)
	all := store.Query{Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}, Limit: len(h.changes)}
	var ids []store.ID
	err := h.store.Find(t.Context(), store.Events, all, func() store.Document {
		ids = append(ids, event.ID) // of the one before
		return event
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range append(ids[1:], event.ID) {
		serial = append(serial, h.changes[id])
	}
	return serial
}

func (h *history) check(t *testing.T) {
	t.Helper()
	serial := h.serial(t)
	for _, a := range h.answers {
		a.last = len(serial)
		for i, c := range serial {
			if c.ended < a.began {
				a.first = i + 1
			}
			if c.began > a.ended {
				a.last = min(a.last, i)
			}
		}
	}
	engine := openEngine(t)
	slices.SortFunc(h.answers, func(a, b *given) int { return a.first - b.first })
	open, rest := []*given(nil), h.answers
	for n := 0; n <= len(serial); n++ {
		if n > 0 {
			if err := change(t.Context(), engine, serial[n-1].kind, serial[n-1].n, serial[n-1].value); err != nil {
				t.Fatalf("change %d can't be made again: %v", n, err)
			}
		}
		for len(rest) > 0 && rest[0].first == n {
			open, rest = append(open, rest[0]), rest[1:]
		}
		open = slices.DeleteFunc(open, func(a *given) bool { return a.isExplained(t, engine) || a.last <= n })
	}
	for _, a := range h.answers {
		if !a.explained {
			t.Errorf("question %d about %d was answered %q, which was right at no time from %d to %d changes",
				a.question, a.n, a.text, a.first, a.last)
		}
	}
	t.Logf("%d changes, %d answers", len(serial), len(h.answers))
}

// isExplained reports whether the engine gives the answer now.
func (a *given) isExplained(t *testing.T, engine store.Store) bool {
	t.Helper()
	text, err := ask(t.Context(), engine, a.question, a.n)
	if err != nil {
		t.Fatal(err)
	}
	a.explained = text == a.text
	return a.explained
}

// FuzzCache makes any sequence of changes, and compares each answer with the engine's.
func FuzzCache(f *testing.F) {
	f.Add([]byte("questions and changes, by turns"))
	f.Add([]byte{0, 1, 2, 0x80, 3, 4, 0, 0, 0x83, 3, 9, 3, 3, 0x85, 3, 11, 4, 5})
	engine := openEngine(f)
	s, err := cache.New(engine, []*store.Collection{tasks, projects}, cache.MinBytes)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		for _, c := range []*store.Collection{tasks, projects} {
			if _, err := s.Purge(t.Context(), c, store.Filter{}, 1000); err != nil {
				t.Fatal(err)
			}
		}
		for ; len(steps) > 2; steps = steps[3:] {
			kind, n, value := int(steps[0]), int(steps[1]), int(steps[2])
			if kind >= 0x80 {
				_ = change(t.Context(), s, kind-0x80, n, value)
				continue
			}
			for about := range 3 {
				compare(t, engine, s, kind, n+about)
			}
		}
		for question := range questions {
			compare(t, engine, s, question, 1)
		}
	})
}

// compare asks a question twice, and the engine itself.
func compare(t *testing.T, engine, s store.Store, question, n int) {
	t.Helper()
	want, err := ask(t.Context(), engine, question, n)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := ask(t.Context(), s, question, n); err != nil || got != want {
			t.Fatalf("question %d about %d: got %q, %v, want %q", question, n, got, err, want)
		}
	}
}
