package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crm/db/store"
)

// TestAcknowledgedIsWritten runs many writers at once, whose operations succeed, fail, panic and are cancelled at any
// moment, and compares their results with the stored documents.
func TestAcknowledgedIsWritten(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	const workers, operations = 16, 60
	var mu sync.Mutex
	acknowledged := make(map[store.ID]bool)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(worker)))
			for range operations {
				doc := &note{ID: store.NewID(), Title: fmt.Sprint(rng.IntN(workers * operations / 2))}
				if err := insertSomehow(t.Context(), s, rng, doc); err == nil {
					mu.Lock()
					acknowledged[doc.ID] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for _, found := range findNotes(t, s, store.Filter{}) {
		if !acknowledged[found.ID] {
			t.Errorf("%v is stored, but its writer got an error", found.ID)
		}
		delete(acknowledged, found.ID)
	}
	for id := range acknowledged {
		t.Errorf("%v is missing, but was acknowledged", id)
	}
	written, err := s.Count(t.Context(), notes, store.Filter{})
	if err != nil || written < workers {
		t.Errorf("wrote %d notes and got error %v, want most of %d", written, err, workers*operations/2)
	}
	checkSeq(t, s, written)
}

// insertSomehow inserts a note with an event, or fails to, for example because its context ends during the insert.
func insertSomehow(ctx context.Context, s *Store, rng *rand.Rand, doc *note) (err error) {
	events := []*store.Event{{ID: store.NewID(), Entity: doc.ID}}
	switch rng.IntN(8) {
	case 0:
		limited, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(1000))*time.Microsecond)
		defer cancel()
		ctx = limited
	case 1:
		events = append(events, events[0]) // which fails after the document has been written
	case 2:
		defer func() { err = fmt.Errorf("%v", recover()) }()
		return s.write(ctx, notes, events, func(w *conn) error {
			if err := s.insert(w, notes, doc); err != nil {
				return err
			}
			panic("no luck")
		})
	}
	return s.Insert(ctx, notes, doc, events...)
}
