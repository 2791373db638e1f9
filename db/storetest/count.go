package storetest

import (
	"testing"

	"crm/db/store"
)

func testCount(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	cases := map[string]store.Filter{
		"all":        {},
		"some":       store.Eq("active", true),
		"none":       store.None(),
		"with nulls": store.IsNull("note"),
		"or":         store.Or(store.Eq("rank", 1), store.Eq("name", "a")),
	}
	for name, where := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkCounts(t, s, m, where)
		})
	}
	t.Run("CountBy of no values", func(t *testing.T) {
		t.Parallel()
		got, err := s.CountBy(t.Context(), things, "parent_id", nil, store.Filter{})
		wantCode(t, "CountBy", err, "")
		if len(got) != 0 {
			t.Errorf("got %v, want nothing", got)
		}
	})
}

// checkCounts compares Count, and CountBy of a required and a nullable field, with the model.
func checkCounts(t *testing.T, s store.Store, m model, where store.Filter) {
	t.Helper()
	got, err := s.Count(t.Context(), things, where)
	wantCode(t, "Count", err, "")
	if want := len(m.find(things, store.Query{Where: where})); got != want {
		t.Errorf("Count where %s: got %d, want %d", describe(where), got, want)
	}
	values := append(groupIDs(m)[1:], store.NewID(), store.ID{})
	for _, field := range []string{"parent_id", "ref_id"} {
		counts, err := s.CountBy(t.Context(), things, field, values, where)
		wantCode(t, "CountBy", err, "")
		for _, v := range values {
			want := len(m.find(things, store.Query{Where: store.And(store.Eq(field, v), where)}))
			if counts[v] != want {
				t.Errorf("CountBy %s where %s: got %d of %v, want %d", field, describe(where), counts[v], v, want)
			}
			delete(counts, v)
		}
		if len(counts) > 0 {
			t.Errorf("CountBy %s counted other values: %v", field, counts)
		}
	}
}
