package cache_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"crm/db/cache"
	"crm/db/sqlite"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
)

// TestAnswersAreSerial asks and changes at random in many goroutines. The log of events then tells in which order the
// changes took effect. They are made again in that order, one after the other, in an engine without a cache, and every
// answer must be the one that this engine gives at a time after the changes that had been acknowledged before the question
// and those that an earlier answer had shown, and before those that began after the answer. READS=10000000 checks that many
// answers of each store.
func TestAnswersAreSerial(t *testing.T) {
	t.Parallel()
	reads := 6_000
	if n, err := strconv.Atoi(os.Getenv("READS")); err == nil {
		reads = n
	}
	t.Run("without a cache", func(t *testing.T) {
		t.Parallel()
		playAndCheck(t, openEngine(t), reads)
	})
	t.Run("with a cache", func(t *testing.T) {
		t.Parallel()
		engine := &countedReads{Observable: openEngine(t)}
		s, err := cache.New(engine, []*store.Collection{tasks, projects}, cache.MinBytes)
		if err != nil {
			t.Fatal(err)
		}
		asked := playAndCheck(t, s, reads)
		fromMemory := asked - int(engine.reads.Load())
		t.Logf("at least %d answers were from memory", fromMemory)
		if fromMemory <= 0 {
			t.Error("no answer was from memory")
		}
	})
	t.Run("with kept responses", func(t *testing.T) {
		t.Parallel()
		s, err := cache.New(openEngine(t), []*store.Collection{tasks, projects}, cache.MinBytes)
		if err != nil {
			t.Fatal(err)
		}
		r := &remembering{Store: s}
		playAndCheck(t, r, reads)
		if t.Logf("%d responses were recalled", r.recalled.Load()); r.recalled.Load() == 0 {
			t.Error("no response was recalled")
		}
	})
}

// playAndCheck plays rounds until that many answers are checked, and returns how many are.
func playAndCheck(t *testing.T, s store.Store, reads int) (checked int) {
	t.Helper()
	h, seed, changes := &history{store: s, reference: openEngine(t)}, rand.Uint64(), 0
	for round := uint64(0); checked < reads && !t.Failed(); round++ {
		h.play(t, seed+round, changesPer[round%uint64(len(changesPer))])
		changes += h.check(t)
		checked += len(h.answers)
	}
	t.Logf("checked %d answers among %d changes, with seed %d", checked, changes, seed)
	return checked
}

func openEngine(tb testing.TB) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(sqlitetest.Folder(tb), "crm.db"), []*store.Collection{tasks, projects})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// history is what happened in a store in one round. Times are numbers that grow.
type history struct {
	store store.Store
	// reference is an engine in which the same changes are made again; seq is the number of the last one's event.
	reference store.Store
	seq       int
	clock     atomic.Int64

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
	// first and last are the numbers of changes after which the answer may have been right, and right are those of them after
	// which it was.
	first, last int
	right       []int
}

const (
	// players is how many goroutines play, steps what each of them does in a round.
	players = 16
	steps   = 200
)

// changesPer are the proportions of changes in the rounds, in 64ths: many, which keep memory from being of use, and few.
var changesPer = []int{16, 4, 1}

func (h *history) play(t *testing.T, seed uint64, changes int) {
	t.Helper()
	h.changes, h.answers = make(map[store.ID]*made), nil
	var playing sync.WaitGroup
	for player := range players {
		playing.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(player)))
			for range steps {
				if rng.IntN(64) < changes {
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

// serial returns the changes of the round in the order in which they took effect.
func (h *history) serial(t *testing.T) (serial []*made) {
	t.Helper()
	q := store.Query{Where: store.Compare(store.OpGt, "seq", h.seq), Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}}
	var events []*store.Event
	err := h.store.Find(t.Context(), store.Events, q, func() store.Document {
		events = append(events, new(store.Event))
		return events[len(events)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		serial = append(serial, h.changes[event.ID])
		h.seq = event.Seq
	}
	return serial
}

// check checks the answers of the round, and returns how many changes there were.
func (h *history) check(t *testing.T) (changes int) {
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
	h.replay(t, serial)
	h.explain(t)
	return len(serial)
}

// replay makes the changes again, and finds out after which of them each answer was right.
func (h *history) replay(t *testing.T, serial []*made) {
	t.Helper()
	slices.SortFunc(h.answers, func(a, b *given) int { return cmp.Compare(a.first, b.first) })
	var open []*given
	rest := h.answers
	for n := 0; n <= len(serial); n++ {
		if n > 0 {
			if err := change(t.Context(), h.reference, serial[n-1].kind, serial[n-1].n, serial[n-1].value); err != nil {
				t.Fatalf("change %d can't be made again: %v", n, err)
			}
		}
		for len(rest) > 0 && rest[0].first == n {
			open, rest = append(open, rest[0]), rest[1:]
		}
		open = slices.DeleteFunc(open, func(a *given) bool { return a.last < n })
		known := make(map[[2]int]string)
		for _, a := range open {
			text, ok := known[[2]int{a.question, a.n}]
			if !ok {
				var err error
				if text, err = ask(t.Context(), h.reference, a.question, a.n); err != nil {
					t.Fatal(err)
				}
				known[[2]int{a.question, a.n}] = text
			}
			if text == a.text {
				a.right = append(a.right, n)
			}
		}
	}
}

// explain finds a time for each answer at which it was right, not before that of any answer that had been given when its
// question was asked. It takes the earliest one, which leaves later answers the most.
func (h *history) explain(t *testing.T) {
	t.Helper()
	slices.SortFunc(h.answers, func(a, b *given) int { return cmp.Compare(a.began, b.began) })
	ended := slices.SortedFunc(slices.Values(h.answers), func(a, b *given) int { return cmp.Compare(a.ended, b.ended) })
	shown := 0
	for _, a := range h.answers {
		for ; ended[0].ended < a.began; ended = ended[1:] {
			shown = max(shown, ended[0].first)
		}
		i := slices.IndexFunc(a.right, func(n int) bool { return n >= shown })
		if i < 0 {
			t.Errorf("question %d about %d got %q, which is wrong after every number of changes from %d to %d; earlier answers had shown %d changes",
				a.question, a.n, a.text, a.first, a.last, shown)
			continue
		}
		a.first = a.right[i]
	}
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
