package notify

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/mongo/mongotest"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// onEachEngine runs a test in a world on each engine.
func onEachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newWorldOn(t, openStore(t, filepath.Join(sqlitetest.Folder(t), "crm.db"))))
	})
	t.Run("mongo", func(t *testing.T) {
		t.Parallel()
		mongotest.SkipOnStandIn(t)
		test(t, newWorldOn(t, mongotest.Open(t, db.Collections()...)))
	})
}

// plan enters meetings of Bob with Carl.
func (w *world) plan(n int) {
	w.t.Helper()
	for i := range n {
		_, err := w.db.CreateInteraction(w.t.Context(), w.as(w.bob), db.NewInteraction{
			CustomerID: w.carl.GlobalID(), Kind: db.KindMeeting, Title: fmt.Sprintf("Carl's meeting %d", i),
			StartTime: time.Now().Add(24 * time.Hour),
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// deleteCarl deletes Carl with everything that belongs to him, while nothing follows from events.
func (w *world) deleteCarl() {
	w.t.Helper()
	if _, err := w.db.DeleteCustomer(w.t.Context(), w.as(w.ada), w.carl.ID, nil, true); err != nil {
		w.t.Fatal(err)
	}
}

// subjects returns how many mails to an address have a subject that begins so.
func subjects(t *testing.T, server *mailtest.Server, address, prefix string) (n int) {
	t.Helper()
	for _, m := range server.Inbox() {
		if m.To == address && strings.HasPrefix(mailtest.Parse(t, m.Raw).Subject, prefix) {
			n++
		}
	}
	return n
}

// TestDeletedCustomerIsTold: the customer whose meetings were deleted with their account is told of each, once, and of
// nothing else; then nothing is left of them. Bob isn't told of a new meeting that the deletion made pointless.
func TestDeletedCustomerIsTold(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		const meetings = 8
		server := mailtest.NewServer(t)
		w.plan(meetings)
		w.deleteCarl()
		start(t, w.db, newMailer(t, server))
		w.settled(3 * meetings) // Bob is told of both, Carl of the deletion
		superseded := len(slices.DeleteFunc(w.deliveries(), func(d *db.Delivery) bool { return d.Status != db.DeliverySuperseded }))
		for address, want := range map[string][2]int{w.carl.Email: {0, meetings}, w.bob.Email: {meetings - superseded, meetings}} {
			got := [2]int{subjects(t, server, address, "New"), subjects(t, server, address, "Deleted")}
			if got != want {
				t.Errorf("%s was told of %d created and deleted meetings, want %d", address, got, want)
			}
		}
		w.isErased("Carl", w.carl.Email)
	})
}

// isErased waits until no texts are found in what follows from changes, and no tombstone is left.
func (w *world) isErased(texts ...string) {
	w.t.Helper()
	eventually(w.t, func() bool { return all[db.Tombstone](w, db.Tombstones.Collection) == nil })
	var kept []string
	for _, event := range all[store.Event](w, store.Events) {
		kept = append(kept, event.Type+event.Data)
	}
	for _, d := range w.deliveries() {
		kept = append(kept, fmt.Sprintln(d.EventType, d.Status, d.Recipient, d.RecipientName, d.Subject, d.Text, d.HTML))
	}
	for _, text := range texts {
		if i := slices.IndexFunc(kept, func(k string) bool { return strings.Contains(k, text) }); i >= 0 {
			w.t.Errorf("%q is still in %s", text, kept[i])
		}
	}
}

func all[T any, P interface {
	*T
	store.Document
}](w *world, c *store.Collection) []*T {
	w.t.Helper()
	found, err := entity.Find[T, P](w.t.Context(), w.store, c, store.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestPendingMailToDeletedAccount: what waits for another try is cancelled and erased; what tells of the deletion goes out.
func TestPendingMailToDeletedAccount(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.plan(1)
		server := w.tryInVain(t, 2)
		w.deleteCarl()
		start(t, w.db, newMailer(t, server))
		eventually(t, func() bool { return subjects(t, server, w.carl.Email, "Deleted") == 1 })
		w.retryAll()
		w.settled(4)
		w.isErased("Carl", w.carl.Email)
		if n := subjects(t, server, w.carl.Email, "New"); n > 0 {
			t.Errorf("Carl was told of a new meeting after his account was deleted")
		}
		for _, d := range w.deliveries() {
			if _, err := w.db.Redeliver(t.Context(), w.as(w.ada), d.ID); store.CodeOf(err) != store.BadInput {
				t.Errorf("sent again after it was erased: error %v", err)
			}
			told := d.Account == auth.AccountKey(auth.Customer, w.carl.ID)
			want := db.DeliverySent
			switch {
			case told && !d.TellsOfDeletion():
				want = db.DeliveryCancelled
			case !d.TellsOfDeletion():
				want = db.DeliverySuperseded
			}
			if d.Status != want {
				t.Errorf("%s to %s is %s, want %s", d.EventType, d.Account, d.Status, want)
			}
		}
	})
}

// tryInVain tries n deliveries against a mail server that is down, and returns one that isn't. They are due again in
// an hour.
func (w *world) tryInVain(t *testing.T, n int) *mailtest.Server {
	t.Helper()
	listener, port := mailtest.Silence(t)
	_ = listener.Close()
	server := mailtest.NewServer(t)
	down := newMailer(t, server, func(c *mail.SMTPConfig) { c.Port = port })
	stop := start(t, w.db, down, func(s *settings) { s.pauses = []time.Duration{time.Hour} })
	eventually(t, func() bool { return w.tried(n) })
	stop()
	return server
}

// tried reports whether there are n deliveries, each tried and waiting.
func (w *world) tried(n int) bool {
	deliveries := w.deliveries()
	for _, d := range deliveries {
		if d.Attempts == 0 || !d.Lease.IsZero() {
			return false
		}
	}
	return len(deliveries) == n
}

// retryAll makes due what waits for another try.
func (w *world) retryAll() {
	w.t.Helper()
	for _, d := range w.deliveries() {
		if d.Status == db.DeliveryPending {
			set := []store.Assignment{{Field: "next_attempt_at", Value: time.Now().Add(-time.Second)}}
			if err := w.store.Update(w.t.Context(), db.Deliveries.Collection, d.ID, store.Filter{}, set); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// TestRecipientAtEachTry: a message goes to the address that its recipient has when it is tried, and not to one who has been
// deactivated since.
func TestRecipientAtEachTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan(1)
	server := w.tryInVain(t, 2)
	corrected := "carl@new.example"
	if _, err := w.db.UpdateCustomer(t.Context(), w.as(w.ada), w.carl.ID, nil, db.CustomerChanges{Email: &corrected}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.DeactivateUser(t.Context(), w.as(w.ada), w.bob.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	w.retryAll()
	start(t, w.db, newMailer(t, server))
	for _, d := range w.settled(2) {
		want, status := corrected, db.DeliverySent
		if d.Account == auth.AccountKey(auth.User, w.bob.ID) {
			want, status = w.bob.Email, db.DeliveryCancelled
		}
		if d.Recipient != want || d.Status != status {
			t.Errorf("%s to %s, want %s to %s", d.Status, d.Recipient, status, want)
		}
	}
	if inbox := server.Inbox(); len(inbox) != 1 || inbox[0].To != corrected {
		t.Errorf("the server got %v", inbox)
	}
	if _, err := w.db.ReactivateUser(t.Context(), w.as(w.ada), w.bob.ID, nil); err != nil {
		t.Fatal(err)
	}
	for _, d := range w.deliveries() {
		_, err := w.db.Redeliver(t.Context(), w.as(w.ada), d.ID)
		if want := d.Status == db.DeliverySent; (store.CodeOf(err) == store.BadInput) != want {
			t.Errorf("redelivering what is %s: error %v", d.Status, err)
		}
	}
	eventually(t, func() bool { return subjects(t, server, w.bob.Email, "New") == 1 })
}
