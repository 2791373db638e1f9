package storetest

import (
	"fmt"
	"testing"

	"crm/db/store"
)

// openWithChildren opens a store with parents that have 0 to 5 children each.
func openWithChildren(t *testing.T, e Engine, size int) (store.Store, model, []store.ID) {
	t.Helper()
	s := e.Open(t, things)
	m := model{}
	parents := make([]store.ID, size)
	for i := range parents {
		parents[i] = store.NewID()
		for n := range (i + 5) % 6 {
			d := newThing(func(d *thing) {
				d.Parent, d.Rank, d.Active, d.Name = parents[i], (n*7+i)%3, (n+i)%2 == 0, texts[n]
			})
			insert(t, s, things, d)
			m["things"] = append(m["things"], d)
		}
	}
	return s, m, parents
}

func testChildren(t *testing.T, e Engine) {
	for _, size := range []int{1, 10, 100} {
		t.Run(fmt.Sprintf("%d parents", size), func(t *testing.T) {
			t.Parallel()
			s, m, parents := openWithChildren(t, e, size)
			for name, q := range childQueries() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					checkChildren(t, s, m, parents, q)
					checkChildren(t, s, m, parents[:1], q)
					checkChildren(t, s, m, append([]store.ID{store.NewID()}, parents[size/2:]...), q)
				})
			}
			t.Run("no parents", func(t *testing.T) {
				t.Parallel()
				checkChildren(t, s, m, nil, store.Query{Limit: 3})
			})
		})
	}
}

func childQueries() map[string]store.Query {
	up := []store.Sort{{Field: "rank"}, {Field: "_id"}}
	down := []store.Sort{{Field: "rank", Desc: true}, {Field: "_id", Desc: true}}
	active := store.Eq("active", true)
	return map[string]store.Query{
		"all":                 {Sort: up},
		"first":               {Sort: up, Limit: 1},
		"first three":         {Sort: up, Limit: 3},
		"last three":          {Sort: down, Limit: 3},
		"more than there are": {Sort: up, Limit: 1000},
		"mixed directions":    {Sort: []store.Sort{{Field: "rank", Desc: true}, {Field: "_id"}}, Limit: 2},
		"by a text":           {Sort: []store.Sort{{Field: "name", Desc: true}, {Field: "_id"}}, Limit: 2},
		"some, all":           {Where: active, Sort: down},
		"some, first two":     {Where: active, Sort: up, Limit: 2},
		"none":                {Where: store.None(), Sort: up, Limit: 2},
		"or":                  {Where: store.Or(store.Eq("rank", 1), store.Eq("name", "")), Sort: up, Limit: 2},
		"after":               {Sort: up, After: []any{1, store.ID{}}, Limit: 2},
		"after, all":          {Sort: down, After: []any{1, store.ID{}}},
		"some after":          {Where: active, Sort: down, After: []any{2, store.ID{}}, Limit: 1},
		"after, mixed":        {Sort: []store.Sort{{Field: "rank", Desc: true}, {Field: "_id"}}, After: []any{1, store.ID{}}, Limit: 2},
	}
}

// checkChildren compares the children that the engine and the model find, parent by parent.
func checkChildren(t *testing.T, s store.Store, m model, parents []store.ID, q store.Query) {
	t.Helper()
	got := make(map[store.ID][]*thing)
	err := s.FindChildren(t.Context(), things, "parent_id", parents, q, func(parent store.ID) store.Document {
		got[parent] = append(got[parent], new(thing))
		return got[parent][len(got[parent])-1]
	})
	wantCode(t, "FindChildren", err, "")
	for _, parent := range parents {
		ofParent := q
		ofParent.Where = store.And(store.Eq("parent_id", parent), q.Where)
		wantIDs(t, "children of "+parent.String(), idsOf(got[parent]), m.find(things, ofParent))
		for _, child := range got[parent] {
			if child.Parent != parent {
				t.Errorf("a child of %v was returned as one of %v", child.Parent, parent)
			}
		}
		delete(got, parent)
	}
	if len(got) > 0 {
		t.Errorf("got children of other parents: %v", got)
	}
}
