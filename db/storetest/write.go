package storetest

import (
	"fmt"
	"sync"
	"testing"

	"crm/db/store"
)

// testConcurrentWrites runs writers that succeed and fail concurrently: each gets the results of its own writes, and
// the log holds exactly the events of the successful ones.
func testConcurrentWrites(t *testing.T, e Engine) {
	const writers, rounds = 8, 5
	s := e.Open(t, things)
	taken := newThing(func(d *thing) { d.Code = "taken" })
	insert(t, s, things, taken)
	var mu sync.Mutex
	var written []*store.Event
	wins := make(map[string]int)
	won := func(code string, events ...*store.Event) {
		mu.Lock()
		defer mu.Unlock()
		written = append(written, events...)
		wins[code]++
	}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range rounds {
				own := newThing()
				created, updated := newEvent("thing.created", own.ID), newEvent("thing.updated", own.ID)
				refused := newEvent("thing.refused", own.ID)
				set := []store.Assignment{{Field: "rank", Value: i}}
				wantCode(t, "Insert", s.Insert(t.Context(), things, own, created), "")
				same := newThing(func(d *thing) { d.ID = own.ID })
				wantConflict(t, "Insert of the same", s.Insert(t.Context(), things, same, refused), "_id")
				err := s.Insert(t.Context(), things, newThing(func(d *thing) { d.Code = "taken" }), refused)
				wantConflict(t, "Insert of a taken value", err, "code")
				err = s.Update(t.Context(), things, own.ID, store.Eq("version", 2), set, refused)
				wantCode(t, "Update where the condition fails", err, store.NotFound)
				wantCode(t, "Update", s.Update(t.Context(), things, own.ID, store.Eq("version", 1), set, updated), "")
				won("own", created, updated)
				raceFor(t, s, fmt.Sprint("prize ", i), won)
			}
		})
	}
	wg.Wait()
	if n := len(findThings(t, s, store.Query{})); n != 1+writers*rounds+rounds {
		t.Errorf("there are %d things, want %d", n, 1+writers*rounds+rounds)
	}
	for i := range rounds {
		if code := fmt.Sprint("prize ", i); wins[code] != 1 {
			t.Errorf("%d writers got %s, want 1", wins[code], code)
		}
	}
	drain(t, s)
	checkLog(t, readLog(t, s), written...)
}

// raceFor inserts a thing with a code that all writers compete for.
func raceFor(t *testing.T, s store.Store, code string, won func(code string, events ...*store.Event)) {
	t.Helper()
	doc := newThing(func(d *thing) { d.Code = code })
	event := newEvent("thing.created", doc.ID)
	if err := s.Insert(t.Context(), things, doc, event); err != nil {
		wantConflict(t, "Insert of another's value", err, "code")
		return
	}
	won(code, event)
}
