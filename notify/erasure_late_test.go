package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// TestDeletionInPieces: the deletion of an account enters the log before those of the account's meetings, as it may where each
// document holds its own events.
func TestDeletionInPieces(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		const meetings = 4
		mailer := new(recordingMailer)
		service := New(w.db, mailer, discard(), quick)
		w.plan(meetings)
		w.planAll(service)
		name := "Carl Gustav"
		if _, err := w.db.UpdateCustomer(t.Context(), w.as(w.ada), w.carl.ID, nil, db.CustomerChanges{Name: &name}); err != nil {
			t.Fatal(err)
		}
		w.deleteCarl()
		if _, err := w.store.MoveEvents(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		w.planMoved(service)
		if left, err := w.db.EraseDeleted(t.Context()); err != nil || left != 1 {
			t.Errorf("%d accounts are left to erase, error %v", left, err)
		}
		start(t, w.db, mailer)
		w.isErased("Carl", w.carl.Email)
		if told := strings.Count(mailer.told(w.carl.Email), "Deleted"); told != meetings {
			t.Errorf("Carl was told of %d deleted meetings, want %d", told, meetings)
		}
	})
}

// TestDeletedAfterAccount: whoever deletes their own account is not told of what the staff delete later.
func TestDeletedAfterAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mailer := new(recordingMailer)
	service := New(w.db, mailer, discard(), quick)
	w.plan(1)
	meeting := all[db.Interaction](w, db.Interactions.Collection)[0]
	if _, err := w.db.DeleteCustomer(t.Context(), w.asCarl(), w.carl.ID, nil, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return time.Now().After(w.deletion().At.Add(time.Millisecond)) })
	if _, err := w.db.DeleteInteraction(t.Context(), w.as(w.bob), meeting.ID, nil, false); err != nil {
		t.Fatal(err)
	}
	w.planAll(service)
	start(t, w.db, mailer)
	w.isErased(w.carl.Email)
	if told := mailer.told(w.carl.Email); told != "" {
		t.Errorf("Carl was told %q after he had deleted his account", told)
	}
}

// deletion returns the event of the deletion of an account.
func (w *world) deletion() *store.Event {
	w.t.Helper()
	w.moveAll()
	events := all[store.Event](w, store.Events)
	return events[slices.IndexFunc(events, db.DeletesAccount)]
}

// TestBothErased: an account is erased from messages whose texts were erased with another account.
func TestBothErased(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		start(t, w.db, acceptingMailer{})
		w.plan(1)
		w.settled(2)
		w.deleteCarl()
		w.isErased("Carl", w.carl.Email)
		if _, err := w.db.DeleteUser(t.Context(), w.as(w.ada), w.bob.ID, nil, true); err != nil {
			t.Fatal(err)
		}
		w.isErased("Bob", w.bob.Email)
	})
}

// TestMailToErasedAccount: a message that was planned at the moment when its recipient was erased is erased, too.
func TestMailToErasedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	event := w.event(db.EventInteractionCreated, w.as(w.ada), content{Interaction: w.interaction})
	late := w.db.NewDelivery(event, mailChannel, auth.AccountKey(auth.Customer, store.NewID()))
	late.Recipient, late.RecipientName, late.Subject = "emil@customer.example", "Emil", "New meeting with Emil"
	late.Text, late.HTML = "Hello Emil", "<p>Hello Emil"
	w.insert(db.Deliveries.Collection, late)
	start(t, w.db, acceptingMailer{})
	if d := w.settled(1)[0]; d.Status != db.DeliveryCancelled || d.LastError == nil {
		t.Errorf("status %s, reason %v", d.Status, d.LastError)
	}
	w.isErased("Emil", "emil")
}

// TestErasedSuccessor: a message whose text was erased is not sent in the place of an earlier one that it makes pointless.
func TestErasedSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, kind := range []string{db.EventInteractionCreated, db.EventInteractionDeleted} {
		event := w.event(kind, w.as(w.ada), content{Interaction: w.interaction})
		event.Seq = i + 1
		d := w.db.NewDelivery(event, mailChannel, auth.AccountKey(auth.User, w.bob.ID))
		d.Recipient, d.Subject = w.bob.Email, "New meeting"
		if kind == db.EventInteractionDeleted {
			d.Status, d.Subject = db.DeliveryFailed, entity.ErasedText
		}
		w.insert(db.Deliveries.Collection, d)
	}
	mailer := new(recordingMailer)
	start(t, w.db, mailer)
	w.settledAll()
	if told := mailer.told(w.bob.Email); told != "" {
		t.Errorf("Bob was told %q", told)
	}
}
