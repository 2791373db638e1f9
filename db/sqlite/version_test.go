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

// TestVersion checks that the version changes with each write, through any store of the file, and with nothing else.
func TestVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	first, second := open(t, path, notes), open(t, path, notes)
	version := func() store.Version {
		t.Helper()
		version, ok := first.Version()
		if !ok {
			t.Fatal("the version isn't known")
		}
		return version
	}
	before := version()
	for i := range 20 {
		for j, s := range []*Store{first, second} {
			if err := s.Insert(t.Context(), notes, &note{ID: store.NewID(), Title: fmt.Sprint(i, j)}); err != nil {
				t.Fatal(err)
			}
			after := version()
			if after == before {
				t.Fatalf("write %d did not change the version", i)
			}
			before = after
		}
		findNotes(t, first, store.Filter{})
		findNotes(t, second, store.Filter{})
		if version() != before {
			t.Fatal("reading changed the version")
		}
	}
}

// TestReferencesAreNeverStale follows references while a customer is renamed, alternately by this server and by another
// one on the same file: a read that begins after a change was acknowledged sees it.
func TestReferencesAreNeverStale(t *testing.T) {
	t.Parallel()
	const renames = 300
	path := filepath.Join(t.TempDir(), "crm.db")
	var servers []*db.DB
	for range 2 {
		servers = append(servers, db.New(open(t, path, db.Collections()...), nil, db.Options{Silent: true}))
	}
	scope := auth.SystemScope()
	c, err := servers[0].CreateCustomer(t.Context(), scope, db.NewCustomer{Name: "0", Email: "c@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.RWMutex
	acknowledged := 1 // the version that was acknowledged last
	done := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
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
				found, err := servers[i%2].Customers.ByID(t.Context(), scope, []store.ID{c.ID})
				if err != nil || found[c.ID].Version < least || found[c.ID].Name != fmt.Sprint(found[c.ID].Version-1) {
					t.Errorf("after version %d was acknowledged, version %+v was read: %v", least, found[c.ID], err)
					return
				}
			}
		})
	}
	for n := 1; n <= renames; n++ {
		changes := db.CustomerChanges{Name: new(fmt.Sprint(n))}
		changed, err := servers[n%2].UpdateCustomer(t.Context(), scope, c.ID, nil, changes)
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
