package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crm/db/store"
)

// note is the document of these tests; oldNotes is the collection as an older version of the program declared it.
type note struct {
	ID     store.ID
	Title  string
	Status string
	Score  int
	At     time.Time
	Author *store.ID
}

func (n *note) Pointers(into []any) []any {
	return append(into, &n.ID, &n.Title, &n.Status, &n.Score, &n.At, &n.Author)
}

type oldNote struct{ note }

func (n *oldNote) Pointers(into []any) []any { return append(into, &n.ID, &n.Title) }

var (
	noteFields = []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "title", Type: store.TypeString},
		{Name: "status", Type: store.TypeString, Default: "it's new"},
		{Name: "score", Type: store.TypeInt, Default: 3},
		{Name: "at", Type: store.TypeTime},
		{Name: "author_id", Type: store.TypeID, Nullable: true},
	}
	oldNotes = &store.Collection{Name: "notes", Fields: noteFields[:2]}
	notes    = &store.Collection{Name: "notes", Fields: noteFields, Indexes: []store.Index{
		{Name: "notes_title_score", Keys: []store.Key{{Field: "title"}, {Field: "score"}}, Unique: true},
	}}
)

func findNotes(t *testing.T, s *Store, where store.Filter) []*note {
	t.Helper()
	var found []*note
	err := s.Find(t.Context(), notes, store.Query{Where: where}, func() store.Document {
		found = append(found, new(note))
		return found[len(found)-1]
	})
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	return found
}

func TestReopenAddsWhatIsMissing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	old := &oldNote{note{ID: store.NewID(), Title: "old"}}
	s, err := Open(t.Context(), path, []*store.Collection{oldNotes})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Insert(t.Context(), oldNotes, old, &store.Event{ID: store.NewID(), Type: "note.created"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = open(t, path, notes)
		found := findNotes(t, s, store.Eq("status", "it's new"))
		want := note{ID: old.ID, Title: "old", Status: "it's new", Score: 3}
		if len(found) != 1 || *found[0] != want {
			t.Errorf("got %+v, want %+v", found, want)
		}
		if n, err := s.Count(t.Context(), store.Events, store.Eq("seq", 1)); n != 1 || err != nil {
			t.Errorf("found %d events and error %v, want 1", n, err)
		}
		err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: "old", Score: 3})
		if store.CodeOf(err) != store.Conflict {
			t.Errorf("Insert against the new unique index: got %v, want a conflict", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilePermissions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data", "inner")
	s := open(t, filepath.Join(dir, "crm.db?mode=memory"), notes)
	if err := s.Insert(t.Context(), notes, &note{ID: store.NewID()}); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{".": 0o700 | os.ModeDir, "crm.db?mode=memory": 0o600, "crm.db?mode=memory-wal": 0o600}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

func TestStoresTakeTurns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	const writers, documents = 4, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			s, err := Open(t.Context(), path, []*store.Collection{notes})
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			for i := range documents {
				doc := &note{ID: store.NewID(), Title: fmt.Sprint(w), Score: i}
				if err := s.Insert(t.Context(), notes, doc, &store.Event{ID: store.NewID(), Entity: doc.ID}); err != nil {
					t.Errorf("Insert: %v", err)
				}
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	wg.Wait()
	s := open(t, path, notes)
	if n := len(findNotes(t, s, store.Filter{})); n != writers*documents {
		t.Errorf("found %d documents, want %d", n, writers*documents)
	}
	checkSeq(t, s, writers*documents)
}

// checkSeq checks that the log holds that many events, numbered without a gap.
func checkSeq(t *testing.T, s *Store, want int) {
	t.Helper()
	seq := 0
	q := store.Query{Sort: []store.Sort{{Field: "seq"}, {Field: "_id"}}}
	event := new(store.Event)
	err := s.Find(t.Context(), store.Events, q, func() store.Document {
		if event.Seq != seq {
			t.Errorf("event %d has seq %d", seq, event.Seq)
		}
		seq++
		return event
	})
	if err != nil || seq != want {
		t.Errorf("found %d events and error %v, want %d", seq, err, want)
	}
}

// TestWritesWaitTogether checks that any number of writes wait for another process's lock at the same time.
func TestWritesWaitTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s, other := open(t, path, notes), openOther(t, path, notes)
	s.lockTimeout = 200 * time.Millisecond
	err := other.transact(t.Context(), other.writer, func() error {
		// One after the other they would take 100 seconds.
		limited, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		for range 500 {
			waiting.Go(func() {
				if err := s.Insert(limited, notes, &note{ID: store.NewID()}); store.CodeOf(err) != store.Unavailable {
					t.Errorf("got %v, want UNAVAILABLE", err)
				}
			})
		}
		waiting.Wait()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s, other := open(t, path, notes), openOther(t, path, notes)
	s.lockTimeout = 10 * time.Millisecond
	err := other.transact(t.Context(), other.writer, func() error {
		err := s.Insert(t.Context(), notes, &note{ID: store.NewID()})
		if store.CodeOf(err) != store.Unavailable {
			t.Errorf("Insert: got %v, want UNAVAILABLE", err)
		}
		s.lockTimeout = time.Hour
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := s.Insert(short, notes, &note{ID: store.NewID()}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Insert: got %v, want the context's error", err)
		}
		if found := findNotes(t, s, store.Filter{}); len(found) != 0 {
			t.Errorf("found %d documents, want none", len(found))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Insert(t.Context(), notes, &note{ID: store.NewID()}); err != nil {
		t.Errorf("Insert after the lock: %v", err)
	}
}
