package resolvers_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"crm/db/sqlite/sqlitetest"
)

// Clients must not notice the fast path: its responses must equal those of gqlgen's executor byte for byte. These tests run
// random operations over the whole schema both ways.

const (
	differentialSeed = 20240827
	// One in watchedOneIn operations runs once more to see whether the fast path rendered it.
	watchedOneIn = 10
)

// thorough reports whether the tests should run so many random operations that each kind occurs, as CI does.
func thorough() bool { return os.Getenv("THOROUGH") == "true" }

// TestFastPathAnswersAsTheExecutor compares the responses to random queries.
func TestFastPathAnswersAsTheExecutor(t *testing.T) {
	t.Parallel()
	operations := 400
	if thorough() {
		operations = 2_500
	}
	d := newDifferential(t)
	workers := runtime.GOMAXPROCS(0)
	t.Run("operations", func(t *testing.T) {
		for worker := range workers {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for i := worker; i < operations && !t.Failed(); i += workers {
					d.try(t, rand.NewPCG(differentialSeed, uint64(i)), fmt.Sprintf("operation %d of seed %d", i, differentialSeed))
				}
			})
		}
	})
	t.Log(d.tally.String())
	if !t.Failed() && thorough() {
		d.tally.check(t)
	}
}

// FuzzFastPath lets the fuzzer make the random choices of TestFastPathAnswersAsTheExecutor.
func FuzzFastPath(f *testing.F) {
	for i := range byte(16) {
		f.Add([]byte{i, 5 * i, 7 * i, 11 * i, 13 * i, 17 * i, 19 * i, 23 * i})
	}
	d := newDifferential(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		d.try(t, &byteSource{bytes: choices, rest: rand.NewPCG(differentialSeed, 0)}, "the fuzzer's operation")
	})
}

// byteSource turns bytes into random numbers, one byte per choice, so a fuzzer that changes a byte changes a choice. When
// the bytes are used up, it generates numbers itself.
type byteSource struct {
	bytes []byte
	rest  rand.Source
}

// Uint64 implements rand.Source.
func (s *byteSource) Uint64() uint64 {
	if len(s.bytes) == 0 {
		return s.rest.Uint64()
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return binary.BigEndian.Uint64([]byte{b, b, b, b, b, b, b, b})
}

// differential compares responses on one unchanging store.
type differential struct {
	*twin

	known []*knownValues
	tally tally
}

func newDifferential(tb testing.TB) *differential {
	tb.Helper()
	d := &differential{
		twin:  newTwin(tb, openSeeded(tb, filepath.Join(sqlitetest.Folder(tb), "crm.db"))),
		tally: tally{fields: map[string]bool{}},
	}
	d.known = allKnownValues(tb, d.twin)
	return d
}

// try generates an operation from random numbers and compares the responses to it.
func (d *differential) try(t *testing.T, source rand.Source, name string) {
	t.Helper()
	rnd := rand.New(source)
	g := newGenerator(rnd, d.known[rnd.IntN(len(d.known))])
	r := g.circumstances(g.queryOperation())
	stock, fast := r.send(t, d.stock), r.send(t, d.fast)
	if !stock.same(fast) {
		t.Fatalf("%s:\n%s\n%s", name, r, difference(stock, fast))
	}
	if problem := stock.invalid(); problem != "" {
		t.Fatalf("%s is not valid:\n%s\n%s", name, r, problem)
	}
	d.tally.add(r, stock)
	if rnd.IntN(watchedOneIn) == 0 {
		d.tally.watch(r, stock, r.watch(t, d.watched))
	}
}

// difference shows two replies from just before their first difference.
func difference(stock, fast reply) string {
	at := 0
	for at < min(len(stock.body), len(fast.body)) && stock.body[at] == fast.body[at] {
		at++
	}
	return fmt.Sprintf("the executor: %d %s\n%s\n\nthe fast path: %d %s\n%s\n\nthey part at byte %d: …%q and …%q",
		stock.status, stock.media, stock.body, fast.status, fast.media, fast.body, at,
		stock.body[max(0, at-40):min(len(stock.body), at+40)], fast.body[max(0, at-40):min(len(fast.body), at+40)])
}
