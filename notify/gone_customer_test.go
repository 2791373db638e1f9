package notify

import (
	"testing"
	"time"

	"crm/db"
)

// TestUserHearsOfGoneCustomer checks that the user of a meeting hears that it is cancelled when its customer deletes themself.
func TestUserHearsOfGoneCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := new(recordingMailer)
	planning := New(w.db, mailer, discard(), quick)
	_, err := w.db.CreateInteraction(t.Context(), w.as(w.bob), db.NewInteraction{
		CustomerID: w.carl.GlobalID(), Kind: db.KindMeeting, Title: "Yearly review", StartTime: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.planAll(planning)
	if _, err := w.db.DeleteCustomer(t.Context(), w.asCarl(), w.carl.ID, nil, false); err != nil {
		t.Fatal(err)
	}
	w.planAll(planning)
	start(t, w.db, mailer)
	w.settledAll()
	if got := mailer.told(w.bob.Email); got != "Cancelled meeting" {
		t.Errorf("the user was told %q", got)
	}
	if got := mailer.told(w.carl.Email); got != "" {
		t.Errorf("the customer was told %q", got)
	}
}
