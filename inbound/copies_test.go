package inbound_test

import (
	"fmt"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestAnswersToCopies checks that what somebody answers who got a copy is a message on the ticket, by an external address.
func TestAnswersToCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	event := &store.Event{ID: store.NewID(), Type: db.EventTicketMessageCreated, Entity: w.ticket.ID}
	customer := auth.AccountKey(auth.Customer, w.cleo.ID)
	delivery := w.db.NewCopy(event, "mail", customer, "Eve@other.example")
	delivery.MessageID, delivery.Status = delivery.ID.String()+"@crm.example", db.DeliverySent
	if err := w.store.Insert(t.Context(), db.Deliveries.Collection, delivery); err != nil {
		t.Fatal(err)
	}
	const eve, sam = "From: Eve <eve@other.example>", "From: Sam <sam@stranger.example>"
	number := fmt.Sprintf("Subject: Re: [#%d] The printer", *w.ticket.Number)
	for _, test := range []struct {
		what   string
		header []string
		want   string
	}{
		{"the number by somebody who got none", []string{sam, number}, "ticket by Sam acknowledged"},
		{"the number", []string{eve, number}, "public by <eve@other.example>"},
		{"the number by a refuted sender", []string{refutation("other.example"), eve, number}, "ticket by Eve"},
		{"the token", []string{eve, "To: reply+" + w.db.ReplyToken(w.ticket.ID, customer) + "@crm.example"}, "public by <eve@other.example>"},
		{"the id of the copy", []string{eve, "In-Reply-To: <" + delivery.MessageID + ">"}, "public by <eve@other.example>"},
	} {
		w.age()
		m := append(append(mail{}, test.header...), "", test.what)
		if got := w.described(w.receive(m)); got != test.want {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}
