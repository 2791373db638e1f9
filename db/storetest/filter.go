package storetest

import (
	"os"
	"testing"
	"time"

	"crm/db/store"
)

// texts are texts that a careless engine misinterprets as patterns, operators, quotes, or ends of a string.
var texts = []string{
	"", " ", "a", "A", "abc", "abd", "ab", "b", "a ", "100%", "100", "a_b", "axb", "a.b", "a*b", "a?b", `a\b`, `a\%b`,
	"it's", `say "so"`, `{"$gt":""}`, "$where", "^a", "a$", "(a", "[a-z]", "a|b", "a+", "é", "e\u0301", "É",
	"日本語", "日本", "😀", "\u00ff", "\U0010ffff", "\uffff", "a\x00b", "a\x00", "line\nline",
	"null", "0", "1", "%", "_", ".", "*", `\`, "'",
	`"`, "$", "\n", "\x00", "x'; DROP TABLE things; --",
}

// openForFilters opens a store with things of every kind, some of which refer to groups, and those to regions.
func openForFilters(t *testing.T, e Engine) (store.Store, model) {
	t.Helper()
	s := e.Open(t, things, groups, regions)
	m := model{}
	for i := range 3 {
		region := &group{ID: store.NewID(), Name: texts[2+i]}
		insert(t, s, regions, region)
		m["regions"] = append(m["regions"], region)
	}
	for i := range 8 {
		g := &group{ID: store.NewID(), Name: texts[i]}
		if i%4 != 3 {
			g.Region = m["regions"][i%4].Pointers(nil)[0].(*store.ID)
		}
		insert(t, s, groups, g)
		m["groups"] = append(m["groups"], g)
	}
	for i := range texts {
		d := filterThing(i, m)
		if i%3 == 0 && i > 0 {
			d.Ref, d.Note, d.Score, d.Done, d.Until = nil, nil, nil, nil, nil
		}
		if i%6 == 0 && i > 0 {
			insert(t, s, leanThings, &lean{*d})
		} else {
			insert(t, s, things, d)
		}
		m["things"] = append(m["things"], d)
	}
	return s, m
}

func filterThing(i int, m model) *thing {
	return newThing(func(d *thing) {
		g := m["groups"][i%7].(*group)
		d.Parent, d.Name, d.Rank, d.Active = g.ID, texts[i], i%7-3, i%2 == 0
		d.At = epoch.Add(time.Duration(i%5) * time.Millisecond)
		d.Ref, d.Note, d.Score, d.Done = &g.ID, &texts[len(texts)-1-i], new(i%4-1), new(i%5 == 0)
		d.Until = new(time.Date(1965+i%9, 1, 1, 0, 0, 0, 0, time.UTC))
	})
}

// operands returns the values to compare a field with: some that it holds, and some that it doesn't.
func operands(m model, f store.Field) []any {
	var out []any
	switch f.Type {
	case store.TypeString:
		for _, text := range texts {
			out = append(out, text)
		}
		return append(out, "nowhere", "abcd")
	case store.TypeID:
		return []any{m["groups"][0].(*group).ID, m["groups"][5].(*group).ID, m["groups"][7].(*group).ID, store.ID{}}
	case store.TypeInt:
		return []any{-4, -3, -1, 0, 1, 2, 3, 1 << 40}
	case store.TypeBool:
		return []any{true, false}
	}
	return []any{
		epoch, epoch.Add(3 * time.Millisecond), epoch.Add(time.Millisecond + time.Microsecond), time.Time{},
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1968, 1, 1, 2, 0, 0, 0, time.FixedZone("", 7200)),
		time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
}

// fieldFilters returns every filter on one field, except negations. The lengths of its lists of values increase by
// step.
func fieldFilters(m model, f store.Field, step int) []store.Filter {
	values := operands(m, f)
	ops := []store.Op{store.OpEq, store.OpNe}
	if f.Type != store.TypeBool {
		ops = append(ops, store.OpGt, store.OpGte, store.OpLt, store.OpLte)
	}
	if f.Type == store.TypeString {
		ops = append(ops, store.OpContains, store.OpStartsWith)
	}
	filters := []store.Filter{store.IsNull(f.Name)}
	for _, op := range ops {
		for _, v := range values {
			filters = append(filters, store.Compare(op, f.Name, v))
		}
	}
	for n := 0; n <= len(values); n += step {
		filters = append(filters, store.In(f.Name, values[:n]), store.NotIn(f.Name, values[:n]))
	}
	return filters
}

func testFilterByField(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	one := e.pick(1, 3) // of so many filters is tried
	if os.Getenv("THOROUGH") == "true" {
		one = 1
	}
	names := []string{"parent_id", "name", "rank", "active", "at", "ref_id", "note", "score", "done", "until"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			field, _ := things.Field(name)
			for i, f := range fieldFilters(m, field, e.pick(1, 9)) {
				if i%one == 0 {
					checkFilter(t, s, m, f)
				}
				if i%(one*e.pick(1, 5)) == 0 {
					checkFilter(t, s, m, store.Not(f))
				}
			}
		})
	}
	t.Run("thousands of values", func(t *testing.T) {
		t.Parallel()
		ids := []store.ID{m["groups"][2].(*group).ID}
		names := []string{"a", "日本語", "\x00", `"`}
		for range e.pick(5000, 1000) {
			id := store.NewID()
			ids, names = append(ids, id), append(names, id.String())
		}
		checkFilter(t, s, m, store.In("ref_id", ids))
		checkFilter(t, s, m, store.NotIn("ref_id", ids))
		checkFilter(t, s, m, store.In("name", names))
	})
}

// checkFilter compares the documents that the engine and the model find.
func checkFilter(t *testing.T, s store.Store, m model, f store.Filter) {
	t.Helper()
	q := store.Query{Where: f, Sort: []store.Sort{{Field: "_id"}}}
	wantIDs(t, describe(f), idsOf(findThings(t, s, q)), m.find(things, q))
}
