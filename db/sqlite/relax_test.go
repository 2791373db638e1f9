package sqlite

import (
	"path/filepath"
	"testing"

	"crm/db/store"
)

// strictNotes is the collection of notes as a version declared it in which each note has an author.
var strictNotes = &store.Collection{Name: "notes", Fields: append(noteFields[:5:5], store.Field{Name: "author_id", Type: store.TypeID})}

type strictNote struct{ note }

func (n *strictNote) Pointers(into []any) []any {
	return append(into, &n.ID, &n.Title, &n.Status, &n.Score, &n.At, n.Author)
}

// TestFieldsThatMayBeMissingNow opens a file whose notes all have authors with a version whose notes needn't.
func TestFieldsThatMayBeMissingNow(t *testing.T) {
	t.Parallel()
	path, author := filepath.Join(t.TempDir(), "crm.db"), store.NewID()
	before := open(t, path, strictNotes)
	if err := before.Insert(t.Context(), strictNotes, &strictNote{note{ID: store.NewID(), Title: "by somebody", Author: &author}}); err != nil {
		t.Fatal(err)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		s := open(t, path, notes)
		if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: store.NewID().String()}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path, notes)
	without, with := findNotes(t, s, store.IsNull("author_id")), findNotes(t, s, store.Eq("author_id", author))
	if len(without) != 2 || len(with) != 1 || with[0].Title != "by somebody" {
		t.Errorf("%d notes have no author and %d have the one they had", len(without), len(with))
	}
	sound, err := s.writer.text("PRAGMA integrity_check", "")
	if err != nil || sound != "ok" {
		t.Errorf("the file is %q: %v", sound, err)
	}
}
