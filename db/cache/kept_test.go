package cache_test

import (
	"context"
	"errors"
	"testing"

	"crm/db/cache"
	"crm/db/sqlite"
	"crm/db/store"
)

// hooked is an engine that counts reads, and calls functions at certain times if they are set.
type hooked struct {
	*sqlite.Store
	reads int
	// reading and read are called before and after a read, changing before a change can be read, and changed after that,
	// but before the cache knows.
	reading, read, changing, changed func()
	observer                         store.Observer
}

func call(hook *func()) {
	if do := *hook; do != nil {
		*hook = nil
		do()
	}
}

func (h *hooked) Observe(o store.Observer, collections []*store.Collection) {
	h.observer = o
	h.Store.Observe(observer{h}, collections)
}

type observer struct{ engine *hooked }

func (o observer) Changing(c *store.Collection, ids []store.ID) {
	o.engine.observer.Changing(c, ids)
	call(&o.engine.changing)
}

func (o observer) Changed() {
	call(&o.engine.changed)
	o.engine.observer.Changed()
}

func (h *hooked) Find(ctx context.Context, c *store.Collection, q store.Query, next func() store.Document) error {
	h.reads++
	call(&h.reading)
	defer call(&h.read)
	return h.Store.Find(ctx, c, q, next)
}

func (h *hooked) FindChildren(
	ctx context.Context, c *store.Collection, parent string, parents []store.ID, q store.Query, next func(store.ID) store.Document,
) error {
	h.reads++
	call(&h.reading)
	defer call(&h.read)
	return h.Store.FindChildren(ctx, c, parent, parents, q, next)
}

func (h *hooked) Count(ctx context.Context, c *store.Collection, where store.Filter) (int, error) {
	h.reads++
	call(&h.reading)
	defer call(&h.read)
	return h.Store.Count(ctx, c, where)
}

func (h *hooked) CountBy(
	ctx context.Context, c *store.Collection, field string, values []store.ID, where store.Filter,
) (map[store.ID]int, error) {
	h.reads++
	call(&h.reading)
	defer call(&h.read)
	return h.Store.CountBy(ctx, c, field, values, where)
}

// roomyCache is a number of bytes with which two ids of these tests share a version, and are dropped together, in about one run of 10,000.
const roomyCache = 256 << 20

// openHooked opens a store with two projects of three tasks each, every second of them with an owner.
func openHooked(t *testing.T) (*hooked, *cache.Store) {
	t.Helper()
	engine := &hooked{Store: openEngine(t)}
	s, err := cache.New(engine, []*store.Collection{tasks, projects}, roomyCache)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		doc := &task{ID: taskID(n), Project: projectID(n % 2), Title: "first", Rank: n}
		if n%2 == 0 {
			doc.Owner = new(ownerID(0))
		}
		if err := s.Insert(t.Context(), tasks, doc); err != nil {
			t.Fatal(err)
		}
	}
	return engine, s
}

func ofProjects(ids ...store.ID) func(context.Context, store.Store) (string, error) {
	return func(ctx context.Context, s store.Store) (string, error) {
		return childTasks(ctx, s, "project_id", ids, store.Query{Sort: byRank, Limit: 10})
	}
}

func find(where store.Filter) func(context.Context, store.Store) (string, error) {
	return func(ctx context.Context, s store.Store) (string, error) {
		return findTasks(ctx, s, store.Query{Where: where, Sort: byRank, Limit: 10})
	}
}

// TestOnlyWhatChangesIsReadAgain checks that an answer stays in memory while other documents change.
func TestOnlyWhatChangesIsReadAgain(t *testing.T) {
	t.Parallel()
	title := store.Assignment{Field: "title", Value: "second"}
	insert := func(p, owner int) func(context.Context, store.Store) error {
		return func(ctx context.Context, s store.Store) error {
			return s.Insert(ctx, tasks, &task{ID: store.NewID(), Project: projectID(p), Owner: new(ownerID(owner)), Rank: 1})
		}
	}
	set := func(n int, set store.Assignment) func(context.Context, store.Store) error {
		return func(ctx context.Context, s store.Store) error {
			return s.Update(ctx, tasks, taskID(n), store.Filter{}, []store.Assignment{set})
		}
	}
	move := set(0, store.Assignment{Field: "project_id", Value: projectID(1)})
	countOf := func(ctx context.Context, s store.Store) (string, error) {
		counts, err := s.CountBy(ctx, tasks, "project_id", []store.ID{projectID(0)}, store.Filter{})
		text, _ := answerTo(counts[projectID(0)], nil)
		return text, err
	}
	for name, test := range map[string]struct {
		ask    func(context.Context, store.Store) (string, error)
		change func(context.Context, store.Store) error
		kept   bool
	}{
		"a document, another changes":         {find(store.Eq("_id", taskID(0))), set(1, title), true},
		"a document changes":                  {find(store.Eq("_id", taskID(0))), set(0, title), false},
		"children, others are added":          {ofProjects(projectID(0)), insert(1, 0), true},
		"children, others change":             {ofProjects(projectID(0)), set(1, title), true},
		"children change":                     {ofProjects(projectID(0)), set(2, title), false},
		"children, one is added":              {ofProjects(projectID(0)), insert(0, 0), false},
		"children, one moves away":            {ofProjects(projectID(0)), move, false},
		"children, one arrives":               {ofProjects(projectID(1)), move, false},
		"a list, one is added":                {find(store.Eq("done", false)), insert(1, 1), false},
		"a list, one changes":                 {find(store.Eq("done", false)), set(3, title), false},
		"an owner's list, others are added":   {find(store.Eq("owner_id", ownerID(0))), insert(0, 1), true},
		"an owner's list, one is added":       {find(store.Eq("owner_id", ownerID(0))), insert(0, 0), false},
		"an owner's list, one is handed over": {find(store.Eq("owner_id", ownerID(1))), set(0, store.Assignment{Field: "owner_id", Value: ownerID(1)}), false},
		"a count by id, others are added":     {countOf, insert(1, 0), true},
		"a count by id, one is added":         {countOf, insert(0, 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, ask := range map[string]func(context.Context, store.Store) (string, error){
				"answer": test.ask, "response": responseTo(test.ask),
			} {
				engine, s := openHooked(t)
				before, err := ask(t.Context(), s)
				if err := errors.Join(err, test.change(t.Context(), s)); err != nil {
					t.Fatal(err)
				}
				reads := engine.reads
				after, err := ask(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				if kept := engine.reads == reads; kept != test.kept || kept && after != before {
					t.Errorf("the %s is kept: %t, want %t; got %q, then %q", what, kept, test.kept, before, after)
				}
			}
		})
	}
}

// TestChangesDuringReads makes a change at every moment of a read, or reads at every moment of a change.
func TestChangesDuringReads(t *testing.T) {
	t.Parallel()
	move := func(ctx context.Context, s store.Store) error {
		return s.Update(ctx, tasks, taskID(0), store.Filter{}, []store.Assignment{{Field: "project_id", Value: projectID(1)}})
	}
	both := ofProjects(projectID(0), projectID(1))
	for name, ask := range map[string]func(context.Context, store.Store) (string, error){
		"children": both, "list": find(store.Eq("done", false)), "document": find(store.Eq("_id", taskID(0))),
		"count": func(ctx context.Context, s store.Store) (string, error) {
			return answerTo(s.Count(ctx, tasks, store.Eq("project_id", projectID(0))))
		},
		"response from children": responseTo(both), "response from a list": responseTo(find(store.Eq("done", false))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for moment, hook := range map[string]func(*hooked) *func(){
				"before it is read": func(h *hooked) *func() { return &h.reading }, "after it was read": func(h *hooked) *func() { return &h.read },
			} {
				engine, s := openHooked(t)
				*hook(engine) = func() { must(t, move(t.Context(), s)) }
				_, err := ask(t.Context(), s)
				must(t, err)
				same(t, "a change "+moment, ask, engine, s)
			}
			engine, s := openHooked(t)
			engine.changing = func() { // nobody can read the change yet, so this reads the former state
				_, err := ask(t.Context(), s)
				must(t, err)
			}
			engine.changed = func() { same(t, "a read during a change", ask, engine, s) }
			must(t, move(t.Context(), s))
			same(t, "a read after a change", ask, engine, s)
		})
	}
	t.Run("half in memory", func(t *testing.T) {
		t.Parallel()
		engine, s := openHooked(t)
		_, err := ofProjects(projectID(0))(t.Context(), s)
		must(t, err)
		engine.reading = func() { must(t, move(t.Context(), s)) } // from what is in memory to what isn't
		same(t, "a change before the rest is read", both, engine, s)
	})
}

// TestClosedStoreAnswersNothing checks that nothing is answered from memory once the store is closed.
func TestClosedStoreAnswersNothing(t *testing.T) {
	t.Parallel()
	s := open(t, tasks, projects)
	for range 2 {
		_, err := find(store.Eq("_id", taskID(0)))(t.Context(), s)
		_, counted := s.Count(t.Context(), tasks, store.Filter{})
		must(t, errors.Join(err, counted))
	}
	must(t, s.Close())
	_, err := find(store.Eq("_id", taskID(0)))(t.Context(), s)
	_, counted := s.Count(t.Context(), tasks, store.Filter{})
	if store.CodeOf(err) != store.Unavailable || store.CodeOf(counted) != store.Unavailable {
		t.Errorf("got %v and %v, want UNAVAILABLE", err, counted)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares the cache's answer with the engine's.
func same(t *testing.T, when string, ask func(context.Context, store.Store) (string, error), engine *hooked, s store.Store) {
	t.Helper()
	got, err := ask(t.Context(), s)
	must(t, err)
	want, err := ask(t.Context(), engine.Store)
	must(t, err)
	if got != want {
		t.Errorf("%s: got %q, want %q", when, got, want)
	}
}
