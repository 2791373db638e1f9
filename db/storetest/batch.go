package storetest

import (
	"errors"
	"testing"

	"crm/db/store"
)

// testBatch makes writes that succeed and fail in one batch: each gets the result that it would get alone.
func testBatch(t *testing.T, e Engine) {
	s := e.Open(t, things)
	ctx := t.Context()
	taken := newThing(func(d *thing) { d.Code = "taken" })
	removed := newThing()
	insert(t, s, things, taken, removed)
	set := []store.Assignment{{Field: "rank", Value: 7}}
	var own *thing
	var written []*store.Event
	refused := newEvent("thing.refused", taken.ID)
	err := store.Batch(ctx, s, func(w store.Writer) error {
		own, written = newThing(), nil
		event := func(kind string, id store.ID) *store.Event {
			written = append(written, newEvent(kind, id))
			return written[len(written)-1]
		}
		wantCode(t, "Insert", w.Insert(ctx, things, own, event("thing.created", own.ID)), "")
		err := w.Insert(ctx, things, newThing(func(d *thing) { d.Code = "taken" }), refused)
		wantConflict(t, "Insert of a taken value", err, "code")
		wantCode(t, "Update of nothing", w.Update(ctx, things, store.NewID(), store.Filter{}, set, refused), store.NotFound)
		wantCode(t, "Update", w.Update(ctx, things, own.ID, store.Eq("version", 1), set, event("thing.updated", own.ID)), "")
		wantCode(t, "Delete of nothing", w.Delete(ctx, things, store.NewID(), store.Filter{}, refused), store.NotFound)
		wantCode(t, "Delete", w.Delete(ctx, things, removed.ID, store.Filter{}, event("thing.deleted", removed.ID)), "")
		return nil
	})
	wantCode(t, "Batch", err, "")
	own.Rank = 7
	sameThings(t, findThings(t, s, store.Query{Where: store.Eq("_id", own.ID)}), own)
	if n := len(findThings(t, s, store.Query{})); n != 2 {
		t.Errorf("there are %d things, want 2", n)
	}
	drain(t, s)
	checkLog(t, readLog(t, s), written...)

	failure := errors.New("no luck")
	if err := store.Batch(ctx, s, func(store.Writer) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a batch whose function fails returns %v", err)
	}
	wantCode(t, "Insert after a batch that failed", s.Insert(ctx, things, newThing()), "")
}
