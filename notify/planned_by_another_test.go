package notify

import (
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestPlannedByAnother plans an event that another process has planned meanwhile. What would be kept about an account that is
// erased by then, nobody would erase; all else stays.
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
	if err != nil || names(deliveries) != "carl bob" {
		t.Fatalf("deliveries to %s, error %v", names(deliveries), err)
	}
	for _, d := range deliveries {
		d.Status = db.DeliveryKept
	}
	if err := w.db.PlanDeliveries(t.Context(), &db.Plan{Event: events[0]}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Purge(t.Context(), db.Customers.Collection, store.Filter{}, 10); err != nil {
		t.Fatal(err)
	}
	if err := w.db.PlanDeliveries(t.Context(), &db.Plan{Event: events[0], Deliveries: deliveries}); err != nil {
		t.Fatal(err)
	}
	if got := names(w.deliveries()); got != "bob" {
		t.Errorf("left are those to %s, want bob's", got)
	}
}
