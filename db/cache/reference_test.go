package cache_test

import (
	"fmt"
	"sync"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestReferencesAreNeverStale follows references while a customer is renamed: a read that begins after a change was
// acknowledged sees it.
func TestReferencesAreNeverStale(t *testing.T) {
	t.Parallel()
	const renames = 100
	server := db.New(open(t, db.Collections()...), nil, db.Options{}).Silent()
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
