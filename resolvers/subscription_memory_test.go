package resolvers_test

import (
	"runtime"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestIdleSubscribersAreSmall limits the memory of an idle subscriber with its own filter, without the transport but with a
// goroutine that waits for responses. It doesn't run in parallel, because it measures the whole process.
func TestIdleSubscribersAreSmall(t *testing.T) {
	const subscribers, limit = 1000, 20 << 10
	s := serve(t, openSQLite(t), db.Options{})
	w := s.newWorld()
	runBroker(t, s.db)
	listeners := make([]*listener, subscribers)
	before := memory()
	for i := range listeners {
		listeners[i] = s.subscribe(w.people["ada"], ticketChanges, variables{"where": variables{
			"id": variables{"in": []string{w.ids["leak"], db.KindTicket.GlobalID(store.NewID())}}}})
	}
	each := (memory() - before) / subscribers
	t.Logf("an idle subscriber costs %d bytes", each)
	if each > limit {
		t.Errorf("an idle subscriber costs more than %d bytes", limit)
	}
	describeLeak("ada", "wet")(w)
	for _, l := range listeners {
		if got := l.change(w); got != "UPDATED leak" {
			t.Fatalf("one of a thousand gets %q", got)
		}
	}
}

// memory returns the bytes of heap and stacks in use.
func memory() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc + stats.StackInuse)
}
