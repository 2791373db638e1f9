package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestVersion checks that the version changes with each write, and with nothing else.
func TestVersion(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	before := s.Version()
	for i := range 20 {
		if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		after := s.Version()
		if after == before {
			t.Fatalf("write %d did not change the version", i)
		}
		before = after
		findNotes(t, s, store.Filter{})
		if s.Version() != before {
			t.Fatal("reading changed the version")
		}
	}
}

// TestReferencesAreNeverStale follows references while a customer is renamed: a read that begins after a change was
// acknowledged sees it.
func TestReferencesAreNeverStale(t *testing.T) {
	t.Parallel()
	const renames = 300
	path := filepath.Join(t.TempDir(), "crm.db")
	server := db.New(open(t, path, db.Collections()...), nil, db.Options{Silent: true})
	scope := auth.SystemScope()
	c, err := server.CreateCustomer(t.Context(), scope, db.NewCustomer{Name: "0", Email: "c@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.RWMutex
	acknowledged := 1 // the version that was acknowledged last
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				mutex.RLock()
				least := acknowledged
				mutex.RUnlock()
				found, err := server.Customers.ByID(t.Context(), scope, []store.ID{c.ID})
				if err != nil || found[c.ID].Version < least || found[c.ID].Name != fmt.Sprint(found[c.ID].Version-1) {
					t.Errorf("after version %d was acknowledged, version %+v was read: %v", least, found[c.ID], err)
					return
				}
			}
		})
	}
	for n := 1; n <= renames; n++ {
		changes := db.CustomerChanges{Name: new(fmt.Sprint(n))}
		changed, err := server.UpdateCustomer(t.Context(), scope, c.ID, nil, changes)
		if err != nil {
			t.Fatal(err)
		}
		mutex.Lock()
		acknowledged = changed.Version
		mutex.Unlock()
	}
	close(done)
	readers.Wait()
}
