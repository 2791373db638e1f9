package notify

import (
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// createCora makes Cora, who has no address, the customer.
func (w *world) createCora() {
	w.t.Helper()
	cora, err := w.db.CreateCustomer(w.t.Context(), w.as(w.bob), db.NewCustomer{Name: "Cora"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.carl = cora
}

// address gives the customer an address, or takes it away if that is empty.
func (w *world) address(address string) {
	w.t.Helper()
	if _, err := w.db.UpdateCustomer(w.t.Context(), w.as(w.bob), w.carl.ID, nil, db.CustomerChanges{Email: &address}); err != nil {
		w.t.Fatal(err)
	}
}

// toCustomer returns the customer's newest delivery.
func (w *world) toCustomer() *db.Delivery {
	w.t.Helper()
	deliveries := w.deliveries()
	i := slices.IndexFunc(deliveries, func(d *db.Delivery) bool { return d.Account == auth.AccountKey(auth.Customer, w.carl.ID) })
	if i < 0 {
		w.t.Fatal("there is no delivery to the customer")
	}
	return deliveries[i]
}

func (w *world) isCancelledWithoutAddress(attempts int) {
	w.t.Helper()
	d := w.toCustomer()
	if d.Status != db.DeliveryCancelled || d.LastError == nil || *d.LastError != "the recipient has no e-mail address" ||
		d.RecipientName != "Cora" || d.Attempts != attempts {
		w.t.Errorf("it is %s to %q after %d attempts: %v", d.Status, d.RecipientName, d.Attempts, d.LastError)
	}
	for _, event := range all[store.Event](w, store.Events) {
		if event.Type == db.EventDeliveryFailed {
			w.t.Error("it counts as failed")
		}
	}
}

// TestRecipientWithoutAddress: a message to somebody without an address is cancelled, which is no failure, and can be sent
// once there is an address.
func TestRecipientWithoutAddress(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		w.createCora()
		w.plan(1)
		server := mailtest.NewServer(t)
		stop := start(t, w.db, newMailer(t, server))
		redeliver := func() {
			t.Helper()
			if _, err := w.db.Redeliver(t.Context(), w.as(w.bob), w.toCustomer().ID); err != nil {
				t.Fatal(err)
			}
			w.settled(2)
		}
		w.settled(2)
		w.isCancelledWithoutAddress(0)
		if got := w.toCustomer().Recipient; got != "" {
			t.Errorf("the address is %q", got)
		}
		redeliver()
		w.isCancelledWithoutAddress(0)
		w.address("cora@customer.example")
		redeliver()
		if d := w.toCustomer(); d.Status != db.DeliverySent || d.Recipient != "cora@customer.example" || d.LastError != nil {
			t.Errorf("with an address, it is %s to %q: %v", d.Status, d.Recipient, d.LastError)
		}
		if n := subjects(t, server, "cora@customer.example", "New"); n != 1 || len(server.Inbox()) != 2 {
			t.Errorf("the server got %d messages, %d of them for Cora, want 2 and 1", len(server.Inbox()), n)
		}
		stop()
		w.address("")
		w.deleteCarl()
		start(t, w.db, newMailer(t, server))
		w.settled(4)
		w.isErased("Cora", "cora@customer.example")
	})
}

// TestAddressRemoved: a message that waits for another try is cancelled when the address is removed.
func TestAddressRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createCora()
	w.address("cora@customer.example")
	w.plan(1)
	server := w.tryInVain(t, 2)
	w.address("")
	w.retryAll()
	start(t, w.db, newMailer(t, server))
	w.settled(2)
	w.isCancelledWithoutAddress(1)
}

// TestRedeliverEarlierMessage: if the earlier of two messages that couldn't be sent is sent again, the recipient gets the later
// one, which tells both.
func TestRedeliverEarlierMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createCora()
	w.plan(1)
	mailer := new(recordingMailer)
	start(t, w.db, mailer)
	w.settled(2)
	earlier, title := w.toCustomer(), "Moved"
	_, err := w.db.UpdateInteraction(t.Context(), w.as(w.bob), earlier.EntityID, nil, db.InteractionChanges{Title: &title})
	if err != nil {
		t.Fatal(err)
	}
	w.settled(4)
	w.address("cora@customer.example")
	if _, err := w.db.Redeliver(t.Context(), w.as(w.bob), earlier.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return mailer.told("cora@customer.example") != "" })
	w.settled(4)
	if told := mailer.told("cora@customer.example"); told != "New meeting" {
		t.Errorf("Cora was told %q", told)
	}
	if later := w.toCustomer(); later.Status != db.DeliverySent || !strings.Contains(later.Text, title) {
		t.Errorf("the later message is %s:\n%s", later.Status, later.Text)
	}
}

// TestTwoWithoutAddress: each recipient without an address gets a delivery, although their addresses are equal.
func TestTwoWithoutAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, none := range []string{"", " \u200b"} {
		customer := &db.Customer{ID: store.NewID(), Name: "Cora", Email: none}
		w.insert(db.Customers.Collection, customer)
		user := &db.User{ID: store.NewID(), Name: "Udo", Email: none, Role: auth.User}
		w.insert(db.Users.Collection, user)
		w.interaction.CustomerID, w.interaction.UserID = customer.ID, user.ID
		deliveries, err := compose(w, w.event(db.EventInteractionCreated, w.as(user), content{Interaction: w.interaction}))
		if err != nil || len(deliveries) != 2 || deliveries[0].RecipientName != "Cora" || deliveries[1].RecipientName != "Udo" {
			t.Fatalf("%q: deliveries %v, error %v", none, deliveries, err)
		}
		for _, d := range deliveries {
			if d.Status != db.DeliveryCancelled || d.Recipient != "" || d.LastError == nil {
				t.Errorf("%q: it is %s to %q", none, d.Status, d.Recipient)
			}
		}
	}
}
