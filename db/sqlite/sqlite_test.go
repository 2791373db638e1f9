package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"crm/db/store"
	"crm/db/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Engine{Open: func(t *testing.T, collections ...*store.Collection) store.Store {
		return open(t, filepath.Join(t.TempDir(), "crm.db"), collections...)
	}})
}

func open(tb testing.TB, path string, collections ...*store.Collection) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), path, collections)
	return closedInTheEnd(tb, s, err)
}

// openOther opens a file that is open already, like a program that ignores the lock.
func openOther(tb testing.TB, path string, collections ...*store.Collection) *Store {
	tb.Helper()
	s, err := openUnlocked(tb.Context(), path, collections)
	return closedInTheEnd(tb, s, err)
}

func closedInTheEnd(tb testing.TB, s *Store, err error) *Store {
	tb.Helper()
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := []byte("This is not a database, but long enough for one.")
	if err := os.WriteFile(filepath.Join(dir, "text"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "text"), filepath.Join(dir, "text", "crm.db")} {
		if s, err := Open(t.Context(), path, []*store.Collection{notes}); err == nil {
			t.Errorf("%s was opened", path)
			_ = s.Close()
		}
	}
}
