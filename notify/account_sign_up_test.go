package notify

import (
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestSignUpMail checks that an address without an account gets a link to sign up, which works, and that the message is forgotten
// soon, since nobody's account it belongs to is ever deleted.
func TestSignUpMail(t *testing.T) {
	t.Parallel()
	w, _ := newAccountWorld(t)
	server := mailtest.NewServer(t)
	stop := start(t, w.db, newMailer(t, server), Configure(Config{
		Sender: "crm@example.com", Links: NewLinks("https://crm.example.com", "", DefaultAccountLinkPath),
	}))
	for n := range 2 {
		if _, err := w.db.RequestSignUp(t.Context(), "new@customer.example", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		w.settled(n + 1)
	}
	message := mailtest.Parse(t, server.Inbox()[1].Raw)
	token := tokens.FindString(message.Text)
	if message.To.Address != "new@customer.example" || message.Subject != "Sign up for CRM" || token == "" {
		t.Fatalf("the message is to %s, %q:\n%s", message.To, message.Subject, message.Text)
	}
	contains(t, message.Text, "Hello,\n", "\nSign up: https://crm.example.com/sign-up#token="+token+"\n")
	w.nowhereStored(token)
	if _, _, err := w.db.CompleteSignUp(t.Context(), token, db.SignUp{Password: "battery staple"}); err != nil {
		t.Fatal(err)
	}
	stop()

	for _, delivery := range w.deliveries() {
		set := []store.Assignment{{Field: "created_at", Value: delivery.CreatedAt.Add(-8 * 24 * time.Hour)}}
		if err := w.store.Update(t.Context(), db.Deliveries.Collection, delivery.ID, store.Filter{}, set); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.db.NewSweeper().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := w.deliveries(); len(left) != 0 {
		t.Errorf("after a week, %d messages to an address that had no account are kept", len(left))
	}
}

// TestUselessSignUpIsNotSent checks that a message to an address without an account is cancelled if its link has expired.
func TestUselessSignUpIsNotSent(t *testing.T) {
	t.Parallel()
	w, _ := newAccountWorld(t)
	stop := start(t, w.db, mail.Development{})
	if _, err := w.db.RequestSignUp(t.Context(), "new@customer.example", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	kept := w.settled(1)[0]
	stop()
	set := []store.Assignment{{Field: "expires_at", Value: kept.CreatedAt}}
	if err := w.store.Update(t.Context(), db.AccountLinks.Collection, kept.EntityID, store.Filter{}, set); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Redeliver(t.Context(), w.as(w.ada), kept.ID); err != nil {
		t.Fatal(err)
	}
	start(t, w.db, acceptingMailer{})
	if settled := w.settled(1)[0]; settled.Status != db.DeliveryCancelled {
		t.Errorf("the message is %s", settled.Status)
	}
}
