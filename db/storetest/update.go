package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crm/db/store"
)

// updateCase is one Update of a thing with rank 5, version 3 and a note; other is another thing in the store.
type updateCase struct {
	name  string
	where store.Filter
	set   func(other *thing) []store.Assignment
	want  func(doc, other *thing) // applies the expected change; nil if there is none
	code  store.Code
	field string
}

func updateCases() []updateCase {
	set := func(field string, value any) func(*thing) []store.Assignment {
		return func(*thing) []store.Assignment { return []store.Assignment{{Field: field, Value: value}} }
	}
	return []updateCase{
		{name: "sets a field", set: set("name", "new"), want: func(d, _ *thing) { d.Name = "new" }},
		{name: "sets a field to its zero value", set: set("rank", 0), want: func(d, _ *thing) { d.Rank = 0 }},
		{name: "sets a nullable field", set: set("score", -3), want: func(d, _ *thing) { d.Score = new(-3) }},
		{name: "clears a nullable field", set: set("note", nil), want: func(d, _ *thing) { d.Note = nil }},
		{name: "sets a nullable field to empty", set: set("note", ""), want: func(d, _ *thing) { d.Note = new("") }},
		{name: "sets every type", set: func(other *thing) []store.Assignment {
			return []store.Assignment{
				{Field: "ref_id", Value: other.ID}, {Field: "until", Value: epoch.Add(time.Hour)},
				{Field: "done", Value: true}, {Field: "active", Value: true}, {Field: "name", Value: "$name"},
			}
		}, want: func(d, other *thing) {
			d.Ref = &other.ID
			d.Until, d.Done, d.Active, d.Name = new(epoch.Add(time.Hour)), new(true), true, "$name"
		}},
		{name: "fresh version", where: store.Eq("version", 3), set: set("version", 4), want: func(d, _ *thing) { d.Version = 4 }},
		{name: "stale version", where: store.Eq("version", 2), set: set("version", 3), code: store.NotFound},
		{name: "condition that holds", where: store.And(store.Compare(store.OpGt, "rank", 4), store.Not(store.IsNull("note"))),
			set: set("name", "new"), want: func(d, _ *thing) { d.Name = "new" }},
		{name: "condition that matches nothing", where: store.None(), set: set("name", "new"), code: store.NotFound},
		{name: "taken value", set: func(other *thing) []store.Assignment {
			return []store.Assignment{{Field: "name", Value: "new"}, {Field: "code", Value: other.Code}}
		}, code: store.Conflict, field: "code"},
		{name: "taken value of an index that reports another field", set: func(other *thing) []store.Assignment {
			return []store.Assignment{{Field: "email_key", Value: other.EmailKey}}
		}, code: store.Conflict, field: "email"},
	}
}

func testUpdate(t *testing.T, e Engine) {
	s := e.Open(t, things)
	for _, c := range updateCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkUpdate(t, s, c)
		})
	}
	t.Run("missing document", func(t *testing.T) {
		t.Parallel()
		err := s.Update(t.Context(), things, store.NewID(), store.Filter{}, []store.Assignment{{Field: "name", Value: "x"}})
		wantCode(t, "Update", err, store.NotFound)
	})
	t.Run("fields that the collection does not declare stay", func(t *testing.T) {
		t.Parallel()
		doc := newThing(func(d *thing) { d.Note, d.Score = new("note"), new(1) })
		insert(t, s, things, doc)
		err := s.Update(t.Context(), leanThings, doc.ID, store.Filter{}, []store.Assignment{{Field: "name", Value: "new"}})
		wantCode(t, "Update", err, "")
		doc.Name = "new"
		sameThings(t, []*thing{findThing(t, s, doc.ID)}, doc)
	})
}

// checkUpdate checks that the update changes this document only, as expected, and logs its event.
func checkUpdate(t *testing.T, s store.Store, c updateCase) {
	t.Helper()
	doc := newThing(func(d *thing) { d.Rank, d.Version, d.Note = 5, 3, new("note") })
	other := newThing()
	insert(t, s, things, doc, other)
	event := newEvent("thing.updated", doc.ID)
	err := s.Update(t.Context(), things, doc.ID, c.where, c.set(other), event)
	if c.field != "" {
		wantConflict(t, "Update", err, c.field)
	} else {
		wantCode(t, "Update", err, c.code)
	}
	if c.want != nil {
		c.want(doc, other)
	}
	sameThings(t, []*thing{findThing(t, s, doc.ID), findThing(t, s, other.ID)}, doc, other)
	drain(t, s)
	if got, want := hasEvent(readLog(t, s), event.ID), c.code == ""; got != want {
		t.Errorf("event in the log: %v, want %v", got, want)
	}
}

func testConcurrentUpdates(t *testing.T, e Engine) {
	s := e.Open(t, things)
	doc := newThing()
	insert(t, s, things, doc)
	const rounds, writers = 5, 8
	for version := 1; version <= rounds; version++ {
		var wins atomic.Int32
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				err := s.Update(t.Context(), things, doc.ID, store.Eq("version", version),
					[]store.Assignment{{Field: "version", Value: version + 1}}, newEvent("thing.updated", doc.ID))
				if err == nil {
					wins.Add(1)
				} else {
					wantCode(t, "Update of a stale version", err, store.NotFound)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d updates of version %d succeeded, want 1", wins.Load(), version)
		}
	}
	drain(t, s)
	if got := len(readLog(t, s)); got != rounds {
		t.Errorf("the log holds %d events, want %d", got, rounds)
	}
}
