package storetest

import (
	"context"
	"testing"

	"crm/db/store"
)

// writeHistory writes documents with their events, and returns the events. Events written with the shared document have
// a separate entity for each caller, since only the caller knows their order.
func writeHistory(t *testing.T, s store.Store, shared store.ID) []*store.Event {
	t.Helper()
	ctx := t.Context()
	own := store.NewID()
	var written []*store.Event
	record := func(kind string, id store.ID) *store.Event {
		written = append(written, newEvent(kind, id))
		return written[len(written)-1]
	}
	for i := range 6 {
		doc := newThing()
		set := []store.Assignment{{Field: "rank", Value: i}}
		wantCode(t, "Insert", s.Insert(ctx, things, doc, record("thing.created", doc.ID)), "")
		wantCode(t, "Update", s.Update(ctx, things, shared, store.Filter{}, set, record("thing.updated", own)), "")
		wantCode(t, "Update", s.Update(ctx, things, doc.ID, store.Filter{}, set, record("thing.updated", doc.ID)), "")
		if i%2 == 0 {
			wantCode(t, "Delete", s.Delete(ctx, things, doc.ID, store.Filter{}, record("thing.deleted", doc.ID)), "")
		}
	}
	return written
}

func moveUntil(t *testing.T, s store.Store, stop <-chan struct{}) {
	t.Helper()
	for {
		_, err := s.MoveEvents(t.Context(), 3)
		wantCode(t, "MoveEvents", err, "")
		select {
		case <-stop:
			return
		default:
		}
	}
}

// followUntil reads the log's new events repeatedly: it would miss one that became visible after a higher seq.
func followUntil(t *testing.T, s store.Store, stop <-chan struct{}) {
	t.Helper()
	last := 0
	for {
		log, err := logAfter(t.Context(), s, last)
		wantCode(t, "Find", err, "")
		for _, event := range log {
			if event.Seq != last+1 {
				t.Errorf("after seq %d, got %d", last, event.Seq)
			}
			last = event.Seq
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

// cutOffSteps is the maximum number of steps of an operation that the suite expects.
const cutOffSteps = 60

func testCutOff(t *testing.T, e Engine) {
	if e.CutOff == nil {
		t.Skip("every operation is one transaction")
	}
	t.Run("MoveEvents", func(t *testing.T) {
		t.Parallel()
		cutOffMoves(t, e)
	})
	t.Run("writes", func(t *testing.T) {
		t.Parallel()
		cutOffWrites(t, e)
	})
}

// cutOffMoves crashes a mover after n steps, writes more, crashes the next mover, and lets a third one finish.
func cutOffMoves(t *testing.T, e Engine) {
	s := e.Open(t, things)
	var written []*store.Event
	record := func(kind string, id store.ID) *store.Event {
		written = append(written, newEvent(kind, id))
		return written[len(written)-1]
	}
	ctx := t.Context()
	set := []store.Assignment{{Field: "name", Value: "new"}}
	for n := range cutOffSteps {
		gone, left := newThing(), newThing()
		for _, doc := range []*thing{gone, left} {
			wantCode(t, "Insert", s.Insert(ctx, things, doc, record("thing.created", doc.ID), record("thing.noted", doc.ID)), "")
		}
		wantCode(t, "Delete", s.Delete(ctx, things, gone.ID, store.Filter{}, record("thing.deleted", gone.ID)), "")
		wantCode(t, "Update", s.Update(ctx, things, left.ID, store.Filter{}, set, record("thing.updated", left.ID)), "")

		_, err := s.MoveEvents(e.CutOff(t, s, n), 100)
		wantCode(t, "Update", s.Update(ctx, things, left.ID, store.Filter{}, set, record("thing.moved", left.ID)), "")
		_, _ = s.MoveEvents(e.CutOff(t, s, n%5+1), 100) // this may succeed or fail
		drain(t, s)
		checkLog(t, readLog(t, s), written...)
		insert(t, s, things, gone)
		if t.Failed() {
			t.Fatalf("after a mover was cut off at %d commands", n)
		}
		if err == nil {
			return
		}
	}
	t.Errorf("MoveEvents does not finish in %d commands", cutOffSteps)
}

// cutOffWrites crashes each write operation after n steps: either both the change and its event exist, or neither.
func cutOffWrites(t *testing.T, e Engine) {
	s := e.Open(t, things)
	set := []store.Assignment{{Field: "name", Value: "new"}}
	operations := map[string]func(context.Context, *thing, *store.Event) error{
		"insert": func(ctx context.Context, _ *thing, event *store.Event) error {
			return s.Insert(ctx, things, newThing(func(d *thing) { d.ID, d.Name = event.Entity, "new" }), event)
		},
		"update": func(ctx context.Context, doc *thing, event *store.Event) error {
			return s.Update(ctx, things, doc.ID, store.Filter{}, set, event)
		},
		"delete": func(ctx context.Context, doc *thing, event *store.Event) error {
			return s.Delete(ctx, things, doc.ID, store.Filter{}, event)
		},
	}
	happened := map[string]func(*thing, *store.Event) bool{
		"insert": func(_ *thing, event *store.Event) bool { return findThing(t, s, event.Entity) != nil },
		"update": func(doc *thing, _ *store.Event) bool { return findThing(t, s, doc.ID).Name == "new" },
		"delete": func(doc *thing, _ *store.Event) bool { return findThing(t, s, doc.ID) == nil },
	}
	for name, operate := range operations {
		for n := range cutOffSteps {
			doc := newThing()
			insert(t, s, things, doc)
			event := newEvent("thing.changed", store.NewID())
			err := operate(e.CutOff(t, s, n), doc, event)
			changed := happened[name](doc, event)
			drain(t, s)
			if logged := hasEvent(readLog(t, s), event.ID); changed != logged || (err == nil && !changed) {
				t.Errorf("%s cut off at %d commands: changed %v, logged %v, error %v", name, n, changed, logged, err)
			}
			if err == nil {
				break
			}
		}
	}
}
