package storetest

import (
	"testing"

	"crm/db/store"
)

// testProjection reads some fields of documents: in lists and of children, also without the fields of the order and the
// parent.
func testProjection(t *testing.T, e Engine) {
	s := e.Open(t, things)
	parent := store.NewID()
	want := newThing(func(d *thing) { d.Parent, d.Name, d.Rank, d.Note = parent, "selected", 7, new("kept") })
	insert(t, s, things, want)
	for _, test := range []struct {
		name   string
		fields store.Fields
		same   func(got *thing) bool
	}{
		{"only the id", things.Select(), func(*thing) bool { return true }},
		{"a text", things.Select("name"), func(got *thing) bool { return got.Name == "selected" }},
		{"out of order", things.Select("note", "name"), func(got *thing) bool {
			return got.Name == "selected" && got.Note != nil && *got.Note == "kept"
		}},
		{"a null", things.Select("until"), func(got *thing) bool { return got.Until == nil }},
		{"all", 0, func(got *thing) bool { return got.Name == "selected" && got.Rank == 7 && got.Code == want.Code }},
	} {
		q := store.Query{Sort: []store.Sort{{Field: "rank"}, {Field: "_id"}}, Limit: 5, Fields: test.fields}
		found := findThings(t, s, q)
		if len(found) != 1 || found[0].ID != want.ID || !test.same(found[0]) {
			t.Errorf("%s: Find found %+v", test.name, found)
		}
		var children []*thing
		err := s.FindChildren(t.Context(), things, "parent_id", []store.ID{parent}, q, func(store.ID) store.Document {
			children = append(children, new(thing))
			return children[len(children)-1]
		})
		wantCode(t, "FindChildren", err, "")
		if len(children) != 1 || children[0].ID != want.ID || !test.same(children[0]) {
			t.Errorf("%s: FindChildren found %+v", test.name, children)
		}
	}
}
