package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"crm/db/store"
)

// drain moves all pending events.
func drain(t *testing.T, s store.Store) {
	t.Helper()
	const limit = 7
	for range 1000 {
		moved, err := s.MoveEvents(t.Context(), limit)
		if err != nil {
			t.Fatalf("MoveEvents: %v", err)
		}
		if moved > limit {
			t.Errorf("MoveEvents moved %d events, the limit was %d", moved, limit)
		}
		if moved == 0 {
			return
		}
	}
	t.Fatal("MoveEvents doesn't finish")
}

// logAfter reads the log's events after seq.
func logAfter(ctx context.Context, s store.Store, seq int) ([]*store.Event, error) {
	var log []*store.Event
	q := store.Query{Where: store.Compare(store.OpGt, "seq", seq), Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}}
	err := s.Find(ctx, store.Events, q, func() store.Document {
		log = append(log, new(store.Event))
		return log[len(log)-1]
	})
	return log, err
}

func readLog(t *testing.T, s store.Store) []*store.Event {
	t.Helper()
	log, err := logAfter(t.Context(), s, 0)
	if err != nil {
		t.Fatalf("Find in the log: %v", err)
	}
	return log
}

func hasEvent(log []*store.Event, id store.ID) bool {
	return slices.ContainsFunc(log, func(e *store.Event) bool { return e.ID == id })
}

// checkLog checks that the log holds exactly the written events, with a gapless seq, and those of one entity in the
// order of their writes.
func checkLog(t *testing.T, log []*store.Event, written ...*store.Event) {
	t.Helper()
	got, want := make(map[store.ID][]store.ID), make(map[store.ID][]store.ID)
	byID := make(map[store.ID]*store.Event)
	for _, e := range written {
		want[e.Entity] = append(want[e.Entity], e.ID)
		byID[e.ID] = e
	}
	for i, e := range log {
		if e.Seq != i+1 {
			t.Errorf("event %d of the log has seq %d", i+1, e.Seq)
		}
		got[e.Entity] = append(got[e.Entity], e.ID)
		if w := byID[e.ID]; w != nil {
			expected := *w
			expected.Seq = e.Seq
			if *e != expected {
				t.Errorf("event changed while it was moved:\n got %+v\nwant %+v", *e, expected)
			}
		}
	}
	for entity := range want {
		wantIDs(t, "events of "+entity.String(), got[entity], want[entity])
	}
	if len(log) != len(written) {
		t.Errorf("the log holds %d events, want %d", len(log), len(written))
	}
}

func testEvents(t *testing.T, e Engine) {
	s := e.Open(t, things)
	ctx := t.Context()
	var written []*store.Event
	record := func(kind string, id store.ID) *store.Event {
		written = append(written, newEvent(kind, id))
		return written[len(written)-1]
	}
	for i := range 3 {
		doc := newThing()
		set := []store.Assignment{{Field: "rank", Value: i}}
		wantCode(t, "Insert", s.Insert(ctx, things, doc, record("thing.created", doc.ID), record("thing.noted", doc.ID)), "")
		wantCode(t, "Update", s.Update(ctx, things, doc.ID, store.Filter{}, set, record("thing.updated", doc.ID)), "")
		wantCode(t, "Update without events", s.Update(ctx, things, doc.ID, store.Filter{}, set), "")
		if i == 1 {
			drain(t, s)
		}
		wantCode(t, "Update", s.Update(ctx, things, doc.ID, store.Filter{}, set, record("thing.moved", doc.ID)), "")
		if i > 0 {
			wantCode(t, "Delete", s.Delete(ctx, things, doc.ID, store.Filter{}, record("thing.deleted", doc.ID)), "")
		}
	}
	drain(t, s)
	log := readLog(t, s)
	checkLog(t, log, written...)
	drain(t, s)
	wantCode(t, "Update of an event", s.Update(ctx, store.Events, log[0].ID, store.Eq("planned", false),
		[]store.Assignment{{Field: "planned", Value: true}}), "")
	n, err := s.Count(ctx, store.Events, store.Eq("planned", false))
	wantCode(t, "Count", err, "")
	if n != len(written)-1 {
		t.Errorf("%d events are not planned, want %d", n, len(written)-1)
	}
}

// testConcurrentMovers runs several writers and several movers, and meanwhile follows the log like a reader that asks
// for the events after the last seq it saw.
func testConcurrentMovers(t *testing.T, e Engine) {
	s := e.Open(t, things)
	shared := newThing()
	insert(t, s, things, shared)
	var mu sync.Mutex
	var written []*store.Event
	var writers, movers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			events := writeHistory(t, s, shared.ID)
			mu.Lock()
			written = append(written, events...)
			mu.Unlock()
		})
	}
	stop := make(chan struct{})
	for range 3 {
		movers.Go(func() { moveUntil(t, s, stop) })
	}
	movers.Go(func() { followUntil(t, s, stop) })
	writers.Wait()
	close(stop)
	movers.Wait()
	drain(t, s)
	checkLog(t, readLog(t, s), written...)
}

// testManyEvents moves more events of a document than the limit; some of the documents have been deleted.
func testManyEvents(t *testing.T, e Engine) {
	s := e.Open(t, things)
	var written []*store.Event
	for i, n := range []int{20, 1, 9} {
		doc := newThing()
		events := make([]*store.Event, n)
		for i := range events {
			events[i] = newEvent("thing.noted", doc.ID)
		}
		wantCode(t, "Insert", s.Insert(t.Context(), things, doc, events...), "")
		written = append(written, events...)
		if i > 0 {
			deleted := newEvent("thing.deleted", doc.ID)
			wantCode(t, "Delete", s.Delete(t.Context(), things, doc.ID, store.Filter{}, deleted), "")
			written = append(written, deleted)
		}
	}
	drain(t, s)
	checkLog(t, readLog(t, s), written...)
	if n := len(findThings(t, s, store.Query{})); n != 1 {
		t.Errorf("%d things are left, want 1", n)
	}
}
