package storetest

import (
	"testing"

	"crm/db/store"
)

// testLoad inserts many documents at once, among them large ones, and one that exists.
func testLoad(t *testing.T, e Engine) {
	s := e.Open(t, things)
	ctx := t.Context()
	wantCode(t, "Load of nothing", store.Load(ctx, s, things, nil), "")
	var docs []store.Document
	var want []*thing
	for range e.pick(700, 60) {
		doc := newThing()
		docs, want = append(docs, doc), append(want, doc)
	}
	wantCode(t, "Load", store.Load(ctx, s, things, docs), "")
	sameThings(t, findThings(t, s, store.Query{Sort: []store.Sort{{Field: "_id"}}}), want...)
	wantCode(t, "Load of a document that exists", store.Load(ctx, s, things, docs[:1]), store.Conflict)
	wantCode(t, "Load of a taken value", store.Load(ctx, s, things, []store.Document{
		newThing(func(d *thing) { d.Code = want[0].Code }),
	}), store.Conflict)
	if moved, err := s.MoveEvents(ctx, 1); err != nil || moved > 0 {
		t.Errorf("loading documents has written events: %d, %v", moved, err)
	}
}
