package notify

import (
	"testing"

	"crm/db"
)

// TestPlannedByAnother plans an event that another process has planned meanwhile, after its recipients were deleted: what would
// be kept about them now, nobody would erase.
func TestPlannedByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.announce("Yearly review")
	if _, err := w.store.MoveEvents(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	events, err := w.db.UnplannedEvents(t.Context(), 1)
	if err != nil || len(events) != 1 {
		t.Fatalf("events %v, error %v", events, err)
	}
	deliveries, err := compose(w, events[0])
	if err != nil || len(deliveries) != 2 {
		t.Fatalf("deliveries %v, error %v", deliveries, err)
	}
	deliveries[0].Status = db.DeliveryKept
	for _, planned := range [][]*db.Delivery{nil, deliveries} {
		if err := w.db.PlanDeliveries(t.Context(), events[0], planned); err != nil {
			t.Fatal(err)
		}
	}
	if left := w.deliveries(); len(left) != 1 || left[0].ID != deliveries[1].ID {
		t.Errorf("left are %v, want only the pending one, which is checked before it is sent", left)
	}
}
