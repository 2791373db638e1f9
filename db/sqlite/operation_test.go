package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crm/db/store"
)

func TestContextInterruptsAStatement(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	run := func(c *conn) error { return c.exec(endless) }
	for name, operate := range map[string]func(context.Context) error{
		"read":  func(ctx context.Context) error { return s.read(ctx, notes, run) },
		"write": func(ctx context.Context) error { return s.write(ctx, notes, nil, run) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := operate(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
		cancel()
	}
	if err := s.Insert(t.Context(), notes, &note{ID: store.NewID()}); err != nil {
		t.Errorf("Insert afterwards: %v", err)
	}
	if n := len(findNotes(t, s, store.Filter{})); n != 1 {
		t.Errorf("found %d documents afterwards, want 1", n)
	}
}

func TestPanicLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	doc := &note{ID: store.NewID(), Author: &store.ID{}}
	if err := s.Insert(t.Context(), notes, doc); err != nil {
		t.Fatal(err)
	}
	survive := func(operate func()) {
		defer func() { _ = recover() }()
		operate()
	}
	for range 2 * cap(s.reading) {
		survive(func() { _ = s.Find(t.Context(), notes, store.Query{}, func() store.Document { panic("no room") }) })
		survive(func() {
			_ = s.FindChildren(t.Context(), notes, "author_id", []store.ID{{}}, store.Query{}, func(store.ID) store.Document { panic("no room") })
		})
		survive(func() { _ = s.write(t.Context(), notes, nil, func(*conn) error { panic("no luck") }) })
	}
	if err := s.Delete(t.Context(), notes, doc.ID, store.Filter{}); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if n := len(findNotes(t, s, store.Filter{})); n != 0 {
		t.Errorf("found %d documents, want none", n)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	findNotes(t, s, store.Filter{})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Count(t.Context(), notes, store.Filter{})
	for name, err := range map[string]error{
		"Insert": s.Insert(t.Context(), notes, &note{}), "Ping": s.Ping(t.Context()), "Count": err,
		"EnsureIndexes": s.EnsureIndexes(t.Context()),
	} {
		if store.CodeOf(err) != store.Unavailable {
			t.Errorf("%s: got %v, want UNAVAILABLE", name, err)
		}
	}
}

func TestPingOfRemovedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s := open(t, path, notes)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); store.CodeOf(err) != store.Unavailable {
		t.Errorf("Ping: got %v, want UNAVAILABLE", err)
	}
}

func TestUndeclaredIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	byID := []store.Sort{{Field: "_id"}}
	set := func(field string, value any) error {
		return s.Update(t.Context(), notes, store.ID{}, store.Filter{}, []store.Assignment{{Field: field, Value: value}})
	}
	find := func(q store.Query) error {
		return s.Find(t.Context(), notes, q, func() store.Document { return new(note) })
	}
	for name, err := range map[string]error{
		"undeclared filter field": find(store.Query{Where: store.Eq(`title" OR 1 --`, "x")}),
		"value of another type":   find(store.Query{Where: store.Eq("title", 1)}),
		"null":                    find(store.Query{Where: store.Eq("title", nil)}),
		"list with another type":  find(store.Query{Where: store.In("title", []any{"x", 1})}),
		"search in a number":      find(store.Query{Where: store.Compare(store.OpContains, "score", 1)}),
		"unknown operator":        find(store.Query{Where: store.Compare(99, "score", 1)}),
		"undeclared sort field":   find(store.Query{Sort: []store.Sort{{Field: "author"}}}),
		"cursor of two values":    find(store.Query{Sort: byID, After: []any{store.ID{}, 1}}),
		"cursor of another type":  find(store.Query{Sort: byID, After: []any{"x"}}),
		"query of another type":   find(store.Query{Where: store.InQuery("title", notes, "score", store.Filter{})}),
		"undeclared field set":    set("author", "x"),
		"null set":                set("title", nil),
		"_id set":                 set("_id", store.ID{}),
		"too few fields":          s.Insert(t.Context(), notes, &oldNote{}),
	} {
		if err == nil || store.CodeOf(err) != "" {
			t.Errorf("%s: got %v, want an internal error", name, err)
		}
	}
}

func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "x"}); err != nil {
		t.Fatal(err)
	}
	for n := range maxPrepared + 20 {
		filters := make([]store.Filter, n)
		for i := range filters {
			filters[i] = store.Eq("title", fmt.Sprint(i))
		}
		if found := findNotes(t, s, store.Or(append(filters, store.Eq("title", "x"))...)); len(found) != 1 {
			t.Fatalf("or of %d filters found %d documents, want 1", n+1, len(found))
		}
	}
	if n := len(s.idle[0].prepared); n != maxPrepared {
		t.Errorf("%d statements are kept, want %d", n, maxPrepared)
	}
}
