package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crm/db"
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
	if err := s.Insert(t.Context(), notes, &note{ID: db.NewID()}); err != nil {
		t.Errorf("Insert afterwards: %v", err)
	}
	if n := len(findNotes(t, s, db.Filter{})); n != 1 {
		t.Errorf("found %d documents afterwards, want 1", n)
	}
}

func TestPanicLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	doc := &note{ID: db.NewID(), Author: &db.ID{}}
	if err := s.Insert(t.Context(), notes, doc); err != nil {
		t.Fatal(err)
	}
	survive := func(operate func()) {
		defer func() { _ = recover() }()
		operate()
	}
	for range 2 * cap(s.reading) {
		survive(func() { _ = s.Find(t.Context(), notes, db.Query{}, func() db.Document { panic("no room") }) })
		survive(func() {
			_ = s.FindChildren(t.Context(), notes, "author_id", []db.ID{{}}, db.Query{}, func(db.ID) db.Document { panic("no room") })
		})
		survive(func() { _ = s.write(t.Context(), notes, nil, func(*conn) error { panic("no luck") }) })
	}
	if err := s.Delete(t.Context(), notes, doc.ID, db.Filter{}); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if n := len(findNotes(t, s, db.Filter{})); n != 0 {
		t.Errorf("found %d documents, want none", n)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	findNotes(t, s, db.Filter{})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Count(t.Context(), notes, db.Filter{})
	for name, err := range map[string]error{
		"Insert": s.Insert(t.Context(), notes, &note{}), "Ping": s.Ping(t.Context()), "Count": err,
		"EnsureIndexes": s.EnsureIndexes(t.Context()),
	} {
		if db.CodeOf(err) != db.Unavailable {
			t.Errorf("%s: got %v, want UNAVAILABLE", name, err)
		}
	}
}

func TestPingMissesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s := open(t, path, notes)
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); db.CodeOf(err) != db.Unavailable {
		t.Errorf("Ping: got %v, want UNAVAILABLE", err)
	}
}

func TestUndeclaredIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	byID := []db.Sort{{Field: "_id"}}
	set := func(field string, value any) error {
		return s.Update(t.Context(), notes, db.ID{}, db.Filter{}, []db.Assignment{{Field: field, Value: value}})
	}
	find := func(q db.Query) error {
		return s.Find(t.Context(), notes, q, func() db.Document { return new(note) })
	}
	for name, err := range map[string]error{
		"filter of no field":     find(db.Query{Where: db.Eq(`title" OR 1 --`, "x")}),
		"value of another type":  find(db.Query{Where: db.Eq("title", 1)}),
		"null":                   find(db.Query{Where: db.Eq("title", nil)}),
		"one of another type":    find(db.Query{Where: db.In("title", []any{"x", 1})}),
		"search in a number":     find(db.Query{Where: db.Compare(db.OpContains, "score", 1)}),
		"unknown operator":       find(db.Query{Where: db.Compare(99, "score", 1)}),
		"sort by no field":       find(db.Query{Sort: []db.Sort{{Field: "author"}}}),
		"cursor of two values":   find(db.Query{Sort: byID, After: []any{db.ID{}, 1}}),
		"cursor of another type": find(db.Query{Sort: byID, After: []any{"x"}}),
		"query of another type":  find(db.Query{Where: db.InQuery("title", notes, "score", db.Filter{})}),
		"no field set":           set("author", "x"),
		"null set":               set("title", nil),
		"_id set":                set("_id", db.ID{}),
		"too few fields":         s.Insert(t.Context(), notes, &oldNote{}),
	} {
		if err == nil || db.CodeOf(err) != "" {
			t.Errorf("%s: got %v, want an internal error", name, err)
		}
	}
}

func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	if err := s.Insert(t.Context(), notes, &note{ID: db.NewID(), Title: "x"}); err != nil {
		t.Fatal(err)
	}
	for n := range maxPrepared + 20 {
		filters := make([]db.Filter, n)
		for i := range filters {
			filters[i] = db.Eq("title", fmt.Sprint(i))
		}
		if found := findNotes(t, s, db.Or(append(filters, db.Eq("title", "x"))...)); len(found) != 1 {
			t.Fatalf("or of %d filters found %d documents, want 1", n+1, len(found))
		}
	}
	if n := len(s.idle[0].prepared); n != maxPrepared {
		t.Errorf("%d statements are kept, want %d", n, maxPrepared)
	}
}
