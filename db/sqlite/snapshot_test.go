package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"crm/db/store"
)

// TestReadersLetTheLogBeReused writes far more than the WAL may hold while others read all the time and then stay in their
// snapshots: the WAL must not grow with what was written.
func TestReadersLetTheLogBeReused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	s := open(t, path, notes)
	const textSize, most = 64 << 10, 3000
	ctx, stop := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	for range 2 {
		reading.Go(func() {
			for ctx.Err() == nil {
				findNotes(t, s, store.Eq("_id", store.NewID()))
			}
		})
	}
	before, pages, written := 0, 1, 0
	for ; pages > before && written < most; written++ {
		if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Status: strings.Repeat("x", textSize), Score: written}); err != nil {
			t.Fatal(err)
		}
		s.writing <- struct{}{}
		before, pages = pages, s.writer.walPages()
		<-s.writing
	}
	stop()
	reading.Wait()
	if pages > before {
		t.Errorf("after %d MB were written, the WAL has all of them: %d pages", written*textSize>>20, pages)
	}
}

// TestReadersSeeEveryCommit reads after each write, by turns through readers that were idle and one that was in use.
func TestReadersSeeEveryCommit(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	for i := range 40 {
		id := store.NewID()
		insert := func() {
			if err := s.Insert(t.Context(), notes, &note{ID: id, Score: i}); err != nil {
				t.Error(err)
			}
		}
		if i%2 == 0 {
			insert()
		} else {
			err := s.Find(t.Context(), notes, store.Query{Limit: 1}, func() store.Document {
				insert() // while a reader is in its snapshot
				return new(note)
			})
			if err != nil {
				t.Error(err)
			}
		}
		var found sync.WaitGroup
		for range readers() {
			found.Go(func() {
				if n, err := s.Count(t.Context(), notes, store.Eq("_id", id)); err != nil || n != 1 {
					t.Errorf("write %d: found %d, %v", i, n, err)
				}
			})
		}
		found.Wait()
	}
}
