package storetest

import (
	"math/rand/v2"
	"testing"

	"crm/db/store"
)

func logicCases() map[string]store.Filter {
	positive, note := store.Compare(store.OpGt, "rank", 0), store.Eq("note", "a")
	return map[string]store.Filter{
		"everything":               {},
		"and of nothing":           {Op: store.OpAnd},
		"and of everything":        {Op: store.OpAnd, Filters: []store.Filter{{}, positive}},
		"or of nothing":            store.Or(),
		"or of everything":         store.Or(store.Filter{}, positive),
		"or of one":                store.Or(positive),
		"nothing":                  store.None(),
		"not everything":           store.Not(store.Filter{}),
		"not nothing":              store.Not(store.None()),
		"and with nothing":         store.And(positive, store.None()),
		"or with nothing":          store.Or(positive, store.None()),
		"in no values":             store.In("rank", []int{}),
		"not in no values":         store.NotIn("note", []string{}),
		"same field twice":         store.And(positive, store.Compare(store.OpLt, "rank", 3)),
		"field contradicts itself": store.And(store.Eq("rank", 1), store.Eq("rank", 2)),
		"not of a null":            store.Not(note),
		"not not of a null":        store.Not(store.Not(note)),
		"not and with a null":      store.Not(store.And(note, positive)),
		"not or with a null":       store.Not(store.Or(note, positive)),
		"null and not null":        store.And(store.IsNull("note"), store.Not(store.IsNull("note"))),
		"null or not equal":        store.Or(store.IsNull("score"), store.Compare(store.OpNe, "score", 0)),
		"not less, not greater":    store.And(store.Not(store.Compare(store.OpLt, "score", 1)), store.Not(store.Compare(store.OpGt, "score", 1))),
		"null is not false":        store.Eq("done", false),
		"null is not empty":        store.Eq("note", ""),
		"required is never null":   store.IsNull("name"),
		"or in and in or": store.Or(
			store.And(store.Or(store.Eq("rank", 1), note), store.Eq("active", true)), store.And(store.IsNull("until"), store.Not(positive))),
	}
}

func testFilterLogic(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	for name, f := range logicCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, s, m, f)
			checkFilter(t, s, m, store.Not(f))
			got, err := s.Count(t.Context(), things, f)
			wantCode(t, "Count", err, "")
			if want := len(m.find(things, store.Query{Where: f})); got != want {
				t.Errorf("Count where %s: got %d, want %d", describe(f), got, want)
			}
		})
	}
}

func testFilterByQuery(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	region := func(where store.Filter) store.Filter { return store.InQuery("region_id", regions, "_id", where) }
	named := store.InQuery("ref_id", groups, "_id", store.Compare(store.OpStartsWith, "name", "a"))
	cases := map[string]store.Filter{
		"all of a collection":       store.InQuery("ref_id", groups, "_id", store.Filter{}),
		"some of a collection":      named,
		"none of a collection":      store.InQuery("ref_id", groups, "_id", store.None()),
		"of a field without nulls":  store.InQuery("parent_id", groups, "_id", store.Eq("name", "abc")),
		"with other conditions":     store.And(named, store.Eq("active", true)),
		"or other conditions":       store.Or(named, store.Eq("rank", 2)),
		"selected field with nulls": store.InQuery("ref_id", groups, "region_id", store.Filter{}),
		"of its own collection":     store.InQuery("parent_id", things, "ref_id", store.Eq("rank", 1)),
		"by a text":                 store.InQuery("name", groups, "name", store.Filter{}),
		"by a text with nulls":      store.InQuery("note", things, "name", store.Compare(store.OpGt, "rank", 0)),
		"nested":                    store.InQuery("ref_id", groups, "_id", region(store.Eq("name", "a"))),
		"nested not": store.InQuery("ref_id", groups, "_id",
			store.Not(store.And(region(store.Eq("name", "a")), store.Compare(store.OpNe, "name", "b")))),
		"two of them": store.And(named, store.InQuery("parent_id", groups, "_id", region(store.Filter{}))),
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, s, m, f)
			checkFilter(t, s, m, store.Not(f))
		})
	}
	t.Run("in Count, CountBy, FindChildren and Update", func(t *testing.T) {
		t.Parallel()
		checkCounts(t, s, m, named)
		checkChildren(t, s, m, groupIDs(m), store.Query{Where: named, Sort: []store.Sort{{Field: "_id"}}, Limit: 2})
		id := m.find(things, store.Query{Where: named})[0]
		set := []store.Assignment{{Field: "version", Value: 1}}
		wantCode(t, "Update", s.Update(t.Context(), things, id, named, set), "")
		wantCode(t, "Update", s.Update(t.Context(), things, id, store.Not(named), set), store.NotFound)
	})
}

func groupIDs(m model) []store.ID {
	var ids []store.ID
	for _, g := range m["groups"] {
		ids = append(ids, g.(*group).ID)
	}
	return ids
}

// testFilterRandom nests filters at random; the seed is fixed, so failures are reproducible.
func testFilterRandom(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		checkFilter(t, s, m, randomFilter(random, m, 3))
	}
}

func randomFilter(random *rand.Rand, m model, depth int) store.Filter {
	if depth > 0 {
		switch random.IntN(4) {
		case 0:
			return store.Not(randomFilter(random, m, depth-1))
		case 1, 2:
			parts := make([]store.Filter, 1+random.IntN(3))
			for i := range parts {
				parts[i] = randomFilter(random, m, depth-1)
			}
			if random.IntN(2) == 0 {
				return store.And(parts...)
			}
			return store.Or(parts...)
		}
	}
	names := []string{"name", "rank", "active", "at", "ref_id", "note", "score", "done", "until"}
	field, _ := things.Field(names[random.IntN(len(names))])
	filters := fieldFilters(m, field, 1)
	return filters[random.IntN(len(filters))]
}
