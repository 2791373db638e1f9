package storetest

import (
	"reflect"
	"testing"
	"time"

	"crm/db/store"
)

func testInsert(t *testing.T, e Engine) {
	first := newThing()
	cases := []struct {
		name   string
		change func(*thing)
		field  string // of the conflict; empty if there is none
	}{
		{"new document", func(*thing) {}, ""},
		{"existing _id", func(d *thing) { d.ID = first.ID }, "_id"},
		{"taken value of an index that reports another field", func(d *thing) { d.EmailKey = first.EmailKey }, "email"},
		{"taken value of an index that reports its own field", func(d *thing) { d.Code = first.Code }, "code"},
		{"same value in a field that is not unique", func(d *thing) { d.Email = first.Email }, ""},
	}
	s := e.Open(t, things)
	insert(t, s, things, first)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc := newThing(func(d *thing) { d.Name = "other" }, c.change)
			event := newEvent("thing.created", doc.ID)
			err := s.Insert(t.Context(), things, doc, event)
			found := findThings(t, s, store.Query{Where: store.And(store.Eq("_id", doc.ID), store.Eq("name", "other"))})
			if c.field == "" {
				wantCode(t, "Insert", err, "")
				sameThings(t, found, doc)
				return
			}
			wantConflict(t, "Insert", err, c.field)
			sameThings(t, found)
			drain(t, s)
			if hasEvent(readLog(t, s), event.ID) {
				t.Error("the event of a refused document is in the log")
			}
		})
	}
}

// sameThings compares documents field by field, in their order.
func sameThings(t *testing.T, got []*thing, want ...*thing) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("found %d documents, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] == nil {
			t.Fatalf("document %d is missing", i+1)
		}
		for _, f := range things.Fields {
			g, w := value(things, got[i], f.Name), value(things, want[i], f.Name)
			if at, ok := w.(time.Time); ok {
				w = at.UTC().Truncate(time.Millisecond)
			}
			if !reflect.DeepEqual(g, w) {
				t.Errorf("field %s: got %.100v, want %.100v", f.Name, g, w)
			}
		}
	}
}
