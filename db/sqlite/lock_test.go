package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crm/db/store"
)

// TestOneProcessAtATime opens a file that is open already: Open waits for it to be closed, and no longer than its context.
func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	first, err := Open(t.Context(), path, []*store.Collection{notes})
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := Open(limited, path, []*store.Collection{notes}); err == nil || !strings.HasSuffix(err.Error(), "crm.db: another process is using it") {
		t.Fatalf("opening it twice: got store %v and error %v", s, err)
	}
	opened := make(chan *Store)
	go func() {
		second, err := Open(t.Context(), path, []*store.Collection{notes})
		if err != nil {
			t.Error(err)
		}
		opened <- second
	}()
	if err := first.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "the first"}); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	second := <-opened
	if second == nil {
		return
	}
	if found := findNotes(t, second, store.Eq("title", "the first")); len(found) != 1 {
		t.Errorf("found %d notes of the first store, want 1", len(found))
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
