package sqlite

import (
	"path/filepath"
	"testing"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// TestValuesOutsideTheEnum checks that a value that its field may not have is read as one that it may, and is found by filters
// once the store has been opened again.
func TestValuesOutsideTheEnum(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crm.db")
	wanted := map[string]db.TicketStatus{
		"solved": db.TicketResolved, "In Progress": db.TicketInProgress, "OPEN": db.TicketOpen, "": db.TicketOpen, "on hold": db.TicketOpen,
		"closed": db.TicketClosed,
	}
	s := open(t, path, db.Collections()...)
	ids := map[string]store.ID{}
	for stored := range wanted {
		ids[stored] = store.NewID()
		ticket := &db.Ticket{ID: ids[stored], Status: db.TicketStatus(stored), Priority: 9}
		if err := s.Insert(t.Context(), db.Tickets.Collection, ticket); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *Store, filtered bool) {
		t.Helper()
		for stored, status := range wanted {
			where := store.Eq("_id", ids[stored])
			if filtered {
				where = store.And(where, store.Eq("status", string(status)), store.Eq("priority", int(db.PriorityMedium)))
			}
			found, err := entity.Find[db.Ticket](t.Context(), s, db.Tickets.Collection, store.Query{Where: where})
			if err != nil || len(found) != 1 || found[0].Status != status || found[0].Priority != db.PriorityMedium {
				t.Errorf("%q: found %+v, %v", stored, found, err)
			}
		}
	}
	check(s, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, path, db.Collections()...), true)
}
