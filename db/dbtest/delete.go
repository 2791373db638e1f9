package dbtest

import (
	"sync"
	"sync/atomic"
	"testing"

	"crm/db"
)

func testDelete(t *testing.T, e Engine) {
	s := e.Open(t, things)
	doc := newThing(func(d *thing) { d.Name = "doc" })
	created, deleted := newEvent("thing.created", doc.ID), newEvent("thing.deleted", doc.ID)
	refused := newEvent("thing.refused", doc.ID)
	wantCode(t, "Insert", s.Insert(t.Context(), things, doc, created), "")

	err := s.Delete(t.Context(), things, doc.ID, db.Eq("version", 2), refused)
	wantCode(t, "Delete where the condition fails", err, db.NotFound)
	sameThings(t, findThings(t, s, db.Query{}), doc)
	wantCode(t, "Delete", s.Delete(t.Context(), things, doc.ID, db.Eq("version", 1), deleted), "")
	wantCode(t, "second Delete", s.Delete(t.Context(), things, doc.ID, db.Filter{}, refused), db.NotFound)
	wantCode(t, "Delete of nothing", s.Delete(t.Context(), things, db.NewID(), db.Filter{}, refused), db.NotFound)

	heir := newThing(func(d *thing) { d.Email, d.EmailKey, d.Code = doc.Email, doc.EmailKey, doc.Code })
	insert(t, s, things, heir)
	drain(t, s)
	checkLog(t, readLog(t, s), created, deleted)
	sameThings(t, findThings(t, s, db.Query{}), heir)

	again := newThing(func(d *thing) { d.ID, d.Name = doc.ID, "again" })
	insert(t, s, things, again)
	sameThings(t, findThings(t, s, db.Query{Where: db.Eq("_id", doc.ID)}), again)
	wantCode(t, "Delete without events", s.Delete(t.Context(), things, again.ID, db.Filter{}), "")
	sameThings(t, findThings(t, s, db.Query{}), heir)
	drain(t, s)
	insert(t, s, things, again)
}

func testDeletedIsUnseen(t *testing.T, e Engine) {
	s := e.Open(t, things)
	parent, ref := db.NewID(), db.NewID()
	doc := newThing(func(d *thing) { d.Parent, d.Ref, d.Active, d.Name = parent, &ref, true, "doc" })
	left := newThing(func(d *thing) { d.Parent, d.Ref, d.Name = ref, &parent, "left" })
	insert(t, s, things, doc, left)
	wantCode(t, "Delete", s.Delete(t.Context(), things, doc.ID, db.Filter{}, newEvent("thing.deleted", doc.ID)), "")

	ctx := t.Context()
	m := model{"things": {left}, "groups": {&group{}, &group{ID: parent}, &group{ID: ref}}}
	set := []db.Assignment{{Field: "name", Value: "new"}}
	filters := []db.Filter{
		{}, db.Eq("_id", doc.ID), db.Eq("name", "doc"), db.Not(db.Eq("name", "left")), db.Not(db.None()),
		db.IsNull("ref_id"), db.IsNull("note"), db.Or(db.Eq("name", "doc"), db.Eq("active", true)),
		db.InQuery("ref_id", things, "parent_id", db.Filter{}), db.NotIn("code", []string{"x"}),
	}
	for _, f := range filters {
		checkFilter(t, s, m, f)
		checkCounts(t, s, m, f)
		checkChildren(t, s, m, []db.ID{parent, ref}, db.Query{Where: f, Sort: []db.Sort{{Field: "_id"}}, Limit: 2})
		checkChildren(t, s, m, []db.ID{parent, ref}, db.Query{Where: f, Sort: []db.Sort{{Field: "_id"}}})
	}
	wantCode(t, "Update", s.Update(ctx, things, doc.ID, db.Filter{}, set, newEvent("thing.updated", doc.ID)), db.NotFound)
	wantCode(t, "Delete", s.Delete(ctx, things, doc.ID, db.Filter{}), db.NotFound)
	q := db.Query{Where: db.Eq("active", true), Sort: []db.Sort{{Field: "_id"}}}
	wantCode(t, "Claim", s.Claim(ctx, things, q, set, new(thing)), db.NotFound)
	n, err := s.Purge(ctx, things, db.Eq("name", "doc"), 10)
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
				err := s.Delete(t.Context(), things, doc.ID, db.Filter{}, newEvent("thing.deleted", doc.ID))
				if err == nil {
					wins.Add(1)
				} else {
					wantCode(t, "Delete", err, db.NotFound)
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
		n, err := s.Purge(t.Context(), things, db.Eq("rank", 1), 2)
		wantCode(t, "Purge", err, "")
		if n != want {
			t.Errorf("Purge removed %d documents, want %d", n, want)
		}
	}
	sameThings(t, findThings(t, s, db.Query{}), kept)
	insert(t, s, things, old[0])
	drain(t, s)
	if got := len(readLog(t, s)); got != 0 {
		t.Errorf("the log holds %d events, want none", got)
	}
}
