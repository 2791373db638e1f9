package dbtest

import (
	"math/rand/v2"
	"testing"

	"crm/db"
)

func logicCases() map[string]db.Filter {
	positive, note := db.Compare(db.OpGt, "rank", 0), db.Eq("note", "a")
	return map[string]db.Filter{
		"everything":               {},
		"and of nothing":           {Op: db.OpAnd},
		"and of everything":        {Op: db.OpAnd, Filters: []db.Filter{{}, positive}},
		"or of nothing":            db.Or(),
		"or of everything":         db.Or(db.Filter{}, positive),
		"or of one":                db.Or(positive),
		"nothing":                  db.None(),
		"not everything":           db.Not(db.Filter{}),
		"not nothing":              db.Not(db.None()),
		"and with nothing":         db.And(positive, db.None()),
		"or with nothing":          db.Or(positive, db.None()),
		"in no values":             db.In("rank", []int{}),
		"not in no values":         db.NotIn("note", []string{}),
		"same field twice":         db.And(positive, db.Compare(db.OpLt, "rank", 3)),
		"field contradicts itself": db.And(db.Eq("rank", 1), db.Eq("rank", 2)),
		"not of a null":            db.Not(note),
		"not not of a null":        db.Not(db.Not(note)),
		"not and with a null":      db.Not(db.And(note, positive)),
		"not or with a null":       db.Not(db.Or(note, positive)),
		"null and not null":        db.And(db.IsNull("note"), db.Not(db.IsNull("note"))),
		"null or not equal":        db.Or(db.IsNull("score"), db.Compare(db.OpNe, "score", 0)),
		"not less, not greater":    db.And(db.Not(db.Compare(db.OpLt, "score", 1)), db.Not(db.Compare(db.OpGt, "score", 1))),
		"null is not false":        db.Eq("done", false),
		"null is not empty":        db.Eq("note", ""),
		"required is never null":   db.IsNull("name"),
		"or in and in or": db.Or(
			db.And(db.Or(db.Eq("rank", 1), note), db.Eq("active", true)), db.And(db.IsNull("until"), db.Not(positive))),
	}
}

func testFilterLogic(t *testing.T, e Engine) {
	s, m := filterWorld(t, e)
	for name, f := range logicCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, s, m, f)
			checkFilter(t, s, m, db.Not(f))
			got, err := s.Count(t.Context(), things, f)
			wantCode(t, "Count", err, "")
			if want := len(m.find(things, db.Query{Where: f})); got != want {
				t.Errorf("Count where %s: got %d, want %d", describe(f), got, want)
			}
		})
	}
}

func testFilterByQuery(t *testing.T, e Engine) {
	s, m := filterWorld(t, e)
	region := func(where db.Filter) db.Filter { return db.InQuery("region_id", regions, "_id", where) }
	named := db.InQuery("ref_id", groups, "_id", db.Compare(db.OpStartsWith, "name", "a"))
	cases := map[string]db.Filter{
		"all of a collection":       db.InQuery("ref_id", groups, "_id", db.Filter{}),
		"some of a collection":      named,
		"none of a collection":      db.InQuery("ref_id", groups, "_id", db.None()),
		"of a field without nulls":  db.InQuery("parent_id", groups, "_id", db.Eq("name", "abc")),
		"with other conditions":     db.And(named, db.Eq("active", true)),
		"or other conditions":       db.Or(named, db.Eq("rank", 2)),
		"selected field with nulls": db.InQuery("ref_id", groups, "region_id", db.Filter{}),
		"of its own collection":     db.InQuery("parent_id", things, "ref_id", db.Eq("rank", 1)),
		"by a text":                 db.InQuery("name", groups, "name", db.Filter{}),
		"by a text with nulls":      db.InQuery("note", things, "name", db.Compare(db.OpGt, "rank", 0)),
		"nested":                    db.InQuery("ref_id", groups, "_id", region(db.Eq("name", "a"))),
		"nested not": db.InQuery("ref_id", groups, "_id",
			db.Not(db.And(region(db.Eq("name", "a")), db.Compare(db.OpNe, "name", "b")))),
		"two of them": db.And(named, db.InQuery("parent_id", groups, "_id", region(db.Filter{}))),
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFilter(t, s, m, f)
			checkFilter(t, s, m, db.Not(f))
		})
	}
	t.Run("in Count, CountBy, FindChildren and Update", func(t *testing.T) {
		t.Parallel()
		checkCounts(t, s, m, named)
		checkChildren(t, s, m, groupIDs(m), db.Query{Where: named, Sort: []db.Sort{{Field: "_id"}}, Limit: 2})
		id := m.find(things, db.Query{Where: named})[0]
		set := []db.Assignment{{Field: "version", Value: 1}}
		wantCode(t, "Update", s.Update(t.Context(), things, id, named, set), "")
		wantCode(t, "Update", s.Update(t.Context(), things, id, db.Not(named), set), db.NotFound)
	})
}

func groupIDs(m model) []db.ID {
	var ids []db.ID
	for _, g := range m["groups"] {
		ids = append(ids, g.(*group).ID)
	}
	return ids
}

// testFilterRandom nests filters as nobody would write them by hand; the seed is fixed, so a failure comes again.
func testFilterRandom(t *testing.T, e Engine) {
	s, m := filterWorld(t, e)
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		checkFilter(t, s, m, randomFilter(random, m, 3))
	}
}

func randomFilter(random *rand.Rand, m model, depth int) db.Filter {
	if depth > 0 {
		switch random.IntN(4) {
		case 0:
			return db.Not(randomFilter(random, m, depth-1))
		case 1, 2:
			parts := make([]db.Filter, 1+random.IntN(3))
			for i := range parts {
				parts[i] = randomFilter(random, m, depth-1)
			}
			if random.IntN(2) == 0 {
				return db.And(parts...)
			}
			return db.Or(parts...)
		}
	}
	names := []string{"name", "rank", "active", "at", "ref_id", "note", "score", "done", "until"}
	field, _ := things.Field(names[random.IntN(len(names))])
	filters := fieldFilters(m, field)
	return filters[random.IntN(len(filters))]
}
