package storetest

import (
	"sync"
	"testing"
	"time"

	"crm/db/store"
)

// due is a worker's query for claimable documents at that time; lease is what the claim sets.
func due(now time.Time) store.Query {
	return store.Query{
		Where: store.And(store.Eq("active", true), store.Compare(store.OpLte, "at", now)),
		Sort:  []store.Sort{{Field: "at"}, {Field: "_id"}},
	}
}

func lease(until time.Time, holder store.ID) []store.Assignment {
	return []store.Assignment{{Field: "at", Value: until}, {Field: "ref_id", Value: holder}}
}

func testClaim(t *testing.T, e Engine) {
	s := e.Open(t, things)
	first := newThing(func(d *thing) { d.Active, d.Name = true, "first" })
	second := newThing(func(d *thing) { d.Active, d.At, d.Note = true, epoch.Add(time.Second), new("second") })
	insert(t, s, things, second, first, newThing())

	holder := store.NewID()
	until := epoch.Add(time.Minute)
	for _, want := range []*thing{first, second} {
		got := newThing(func(d *thing) { d.Note, d.Score = new("old"), new(1) })
		wantCode(t, "Claim", s.Claim(t.Context(), things, due(epoch.Add(time.Second)), lease(until, holder), got), "")
		want.At, want.Ref = until, &holder
		sameThings(t, []*thing{got, findThing(t, s, want.ID)}, want, want)
	}
	for _, now := range []time.Time{epoch.Add(2 * time.Second), until.Add(-time.Millisecond)} {
		err := s.Claim(t.Context(), things, due(now), lease(until, store.NewID()), new(thing))
		wantCode(t, "Claim of leased documents", err, store.NotFound)
	}
	nextHolder := store.NewID()
	got := new(thing)
	wantCode(t, "Claim after the lease", s.Claim(t.Context(), things, due(until), lease(until.Add(time.Hour), nextHolder), got), "")
	if got.ID != first.ID || *got.Ref != nextHolder {
		t.Errorf("claimed %v for %v, want %v for %v", got.ID, got.Ref, first.ID, nextHolder)
	}
	err := s.Update(t.Context(), things, first.ID, store.Eq("ref_id", holder), []store.Assignment{{Field: "active", Value: false}})
	wantCode(t, "Update by the holder of an expired lease", err, store.NotFound)
	q := due(until)
	q.Limit = 1000
	q.Where = store.And(q.Where, store.InQuery("ref_id", things, "ref_id", store.Eq("note", "second")))
	wantCode(t, "Claim by a query", s.Claim(t.Context(), things, q, lease(until.Add(time.Hour), nextHolder), got), "")
	if got.ID != second.ID {
		t.Errorf("claimed %v, want %v", got.ID, second.ID)
	}
}

func testConcurrentClaims(t *testing.T, e Engine) {
	s := e.Open(t, things)
	const documents, workers = 40, 8
	for range documents {
		insert(t, s, things, newThing(func(d *thing) { d.Active = true }))
	}
	var mu sync.Mutex
	claimed := make(map[store.ID]int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range documents + 1 {
				got := new(thing)
				err := s.Claim(t.Context(), things, due(epoch), lease(epoch.Add(time.Minute), store.NewID()), got)
				if err != nil {
					wantCode(t, "Claim", err, store.NotFound)
					return
				}
				mu.Lock()
				claimed[got.ID]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(claimed) != documents {
		t.Errorf("%d documents were claimed, want %d", len(claimed), documents)
	}
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("%v was claimed %d times", id, n)
		}
	}
}
