package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"crm/db/store"
)

// orders are sorts by fields with many equal values, in one direction and in mixed ones.
var orders = [][]store.Sort{
	{{Field: "_id"}},
	{{Field: "_id", Desc: true}},
	{{Field: "rank"}, {Field: "_id"}},
	{{Field: "rank", Desc: true}, {Field: "_id", Desc: true}},
	{{Field: "rank", Desc: true}, {Field: "_id"}},
	{{Field: "at"}, {Field: "_id", Desc: true}},
	{{Field: "name"}, {Field: "_id"}},
	{{Field: "active"}, {Field: "rank", Desc: true}, {Field: "_id"}},
	{{Field: "active", Desc: true}, {Field: "at"}, {Field: "name", Desc: true}, {Field: "_id", Desc: true}},
}

func orderName(sort []store.Sort) string {
	name := ""
	for _, key := range sort {
		name += key.Field
		if key.Desc {
			name += " desc"
		}
		name += ","
	}
	return name[:len(name)-1]
}

func testSort(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	for _, sort := range orders {
		t.Run(orderName(sort), func(t *testing.T) {
			t.Parallel()
			for _, limit := range []int{0, 1, 5, 1000} {
				q := store.Query{Sort: sort, Limit: limit}
				wantIDs(t, fmt.Sprintf("limit %d", limit), idsOf(findThings(t, s, q)), m.find(things, q))
			}
		})
	}
}

func testPage(t *testing.T, e Engine) {
	s, m := openForFilters(t, e)
	for _, sort := range orders {
		t.Run(orderName(sort), func(t *testing.T) {
			t.Parallel()
			for _, where := range []store.Filter{{}, store.Eq("active", true), store.Or(store.IsNull("note"), store.Eq("rank", 1))} {
				q := store.Query{Where: where, Sort: sort}
				wantIDs(t, describe(where), idsOf(readPages(t, s, q, 7)), m.find(things, q))
			}
		})
	}
	t.Run("after values that no document has", func(t *testing.T) {
		t.Parallel()
		for _, desc := range []bool{false, true} {
			q := store.Query{Sort: []store.Sort{{Field: "rank", Desc: desc}, {Field: "_id", Desc: desc}}, After: []any{0, store.ID{}}}
			wantIDs(t, "lowest id", idsOf(findThings(t, s, q)), m.find(things, q))
			q = store.Query{Sort: []store.Sort{{Field: "at", Desc: desc}, {Field: "_id"}}, After: []any{epoch.Add(time.Hour), store.ID{}}}
			wantIDs(t, "later time", idsOf(findThings(t, s, q)), m.find(things, q))
		}
	})
}

// readPages reads all documents that q selects, size at a time, each page after the previous one.
func readPages(t *testing.T, s store.Store, q store.Query, size int) []*thing {
	t.Helper()
	var all []*thing
	q.Limit = size
	for {
		page := findThings(t, s, q)
		all = append(all, page...)
		if len(page) < size {
			return all
		}
		q.After = nil
		for _, key := range q.Sort {
			q.After = append(q.After, value(things, page[len(page)-1], key.Field))
		}
	}
}

func testPageDuringInserts(t *testing.T, e Engine) {
	s := e.Open(t, things)
	m := model{}
	for i := range 60 {
		d := newThing(func(d *thing) { d.Rank = i % 5 })
		insert(t, s, things, d)
		m["things"] = append(m["things"], d)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 60 {
			d := newThing(func(d *thing) { d.Rank, d.Name = i%6, "new" })
			wantCode(t, "Insert", s.Insert(t.Context(), things, d), "")
		}
	}()
	for _, sort := range orders[:5] {
		seen := idsOf(readPages(t, s, store.Query{Sort: sort}, 7))
		old := slices.DeleteFunc(slices.Clone(seen), func(id store.ID) bool {
			return !slices.ContainsFunc(m["things"], func(d store.Document) bool { return d.(*thing).ID == id })
		})
		wantIDs(t, "documents from the start, by "+orderName(sort), old, m.find(things, store.Query{Sort: sort}))
		once := make(map[store.ID]bool)
		for _, id := range seen {
			if once[id] {
				t.Errorf("by %s: got %v twice", orderName(sort), id)
			}
			once[id] = true
		}
	}
	<-done
}
