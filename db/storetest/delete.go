package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"crm/db/store"
)

func testDelete(t *testing.T, e Engine) {
	s := e.Open(t, things)
	doc := newThing(func(d *thing) { d.Name = "doc" })
	created, deleted := newEvent("thing.created", doc.ID), newEvent("thing.deleted", doc.ID)
	refused := newEvent("thing.refused", doc.ID)
	wantCode(t, "Insert", s.Insert(t.Context(), things, doc, created), "")

	err := s.Delete(t.Context(), things, doc.ID, store.Eq("version", 2), refused)
	wantCode(t, "Delete where the condition fails", err, store.NotFound)
	sameThings(t, findThings(t, s, store.Query{}), doc)
	wantCode(t, "Delete", s.Delete(t.Context(), things, doc.ID, store.Eq("version", 1), deleted), "")
	wantCode(t, "second Delete", s.Delete(t.Context(), things, doc.ID, store.Filter{}, refused), store.NotFound)
	wantCode(t, "Delete of nothing", s.Delete(t.Context(), things, store.NewID(), store.Filter{}, refused), store.NotFound)

	successor := newThing(func(d *thing) { d.Email, d.EmailKey, d.Code = doc.Email, doc.EmailKey, doc.Code })
	insert(t, s, things, successor)
	drain(t, s)
	checkLog(t, readLog(t, s), created, deleted)
	sameThings(t, findThings(t, s, store.Query{}), successor)

	again := newThing(func(d *thing) { d.ID, d.Name = doc.ID, "again" })
	insert(t, s, things, again)
	sameThings(t, findThings(t, s, store.Query{Where: store.Eq("_id", doc.ID)}), again)
	wantCode(t, "Delete without events", s.Delete(t.Context(), things, again.ID, store.Filter{}), "")
	sameThings(t, findThings(t, s, store.Query{}), successor)
	drain(t, s)
	insert(t, s, things, again)
}

func testDeletedIsUnseen(t *testing.T, e Engine) {
	s := e.Open(t, things)
	parent, ref := store.NewID(), store.NewID()
	doc := newThing(func(d *thing) { d.Parent, d.Ref, d.Active, d.Name = parent, &ref, true, "doc" })
	left := newThing(func(d *thing) { d.Parent, d.Ref, d.Name = ref, &parent, "left" })
	insert(t, s, things, doc, left)
	wantCode(t, "Delete", s.Delete(t.Context(), things, doc.ID, store.Filter{}, newEvent("thing.deleted", doc.ID)), "")

	ctx := t.Context()
	m := model{"things": {left}, "groups": {&group{}, &group{ID: parent}, &group{ID: ref}}}
	set := []store.Assignment{{Field: "name", Value: "new"}}
	filters := []store.Filter{
		{}, store.Eq("_id", doc.ID), store.Eq("name", "doc"), store.Not(store.Eq("name", "left")), store.Not(store.None()),
		store.IsNull("ref_id"), store.IsNull("note"), store.Or(store.Eq("name", "doc"), store.Eq("active", true)),
		store.InQuery("ref_id", things, "parent_id", store.Filter{}), store.NotIn("code", []string{"x"}),
	}
	for _, f := range filters {
		checkFilter(t, s, m, f)
		checkCounts(t, s, m, f)
		checkChildren(t, s, m, []store.ID{parent, ref}, store.Query{Where: f, Sort: []store.Sort{{Field: "_id"}}, Limit: 2})
		checkChildren(t, s, m, []store.ID{parent, ref}, store.Query{Where: f, Sort: []store.Sort{{Field: "_id"}}})
	}
	wantCode(t, "Update", s.Update(ctx, things, doc.ID, store.Filter{}, set, newEvent("thing.updated", doc.ID)), store.NotFound)
	wantCode(t, "Delete", s.Delete(ctx, things, doc.ID, store.Filter{}), store.NotFound)
	q := store.Query{Where: store.Eq("active", true), Sort: []store.Sort{{Field: "_id"}}}
	wantCode(t, "Claim", s.Claim(ctx, things, q, set, new(thing)), store.NotFound)
	n, err := s.Purge(ctx, things, store.Eq("name", "doc"), 10)
	wantCode(t, "Purge", err, "")
	if n != 0 {
		t.Errorf("Purge removed %d documents, want 0", n)
	}
	drain(t, s)
	if got := len(readLog(t, s)); got != 1 {
		t.Errorf("the log holds %d events, want 1", got)
	}
}

func testConcurrentDeletes(t *testing.T, e Engine) {
	s := e.Open(t, things)
	for range 5 {
		doc := newThing()
		insert(t, s, things, doc)
		var wins atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				err := s.Delete(t.Context(), things, doc.ID, store.Filter{}, newEvent("thing.deleted", doc.ID))
				if err == nil {
					wins.Add(1)
				} else {
					wantCode(t, "Delete", err, store.NotFound)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d deletes succeeded, want 1", wins.Load())
		}
	}
	drain(t, s)
	if got := len(readLog(t, s)); got != 5 {
		t.Errorf("the log holds %d events, want 5", got)
	}
}

func testPurge(t *testing.T, e Engine) {
	s := e.Open(t, things)
	old := make([]*thing, 5)
	for i := range old {
		old[i] = newThing(func(d *thing) { d.Rank = 1 })
	}
	kept := newThing()
	insert(t, s, things, append(old, kept)...)
	for _, want := range []int{2, 2, 1, 0} {
		n, err := s.Purge(t.Context(), things, store.Eq("rank", 1), 2)
		wantCode(t, "Purge", err, "")
		if n != want {
			t.Errorf("Purge removed %d documents, want %d", n, want)
		}
	}
	sameThings(t, findThings(t, s, store.Query{}), kept)
	insert(t, s, things, old[0])
	drain(t, s)
	if got := len(readLog(t, s)); got != 0 {
		t.Errorf("the log holds %d events, want none", got)
	}
}
