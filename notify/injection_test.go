package notify

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
	"crm/notify/mail/mailtest"
)

// TestInjection puts hostile texts into all text fields, and checks the received mail.
func TestInjection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	for _, text := range mailtest.Hostile {
		customer := &db.Customer{ID: store.NewID(), Name: text, Email: "carl@customer.example"}
		w.insert(db.Customers.Collection, customer)
		i := *w.interaction
		i.ID, i.CustomerID, i.UserID = store.NewID(), customer.ID, store.NewID()
		i.Title, i.Description, i.Location = text, text, &text
		w.insert(db.Interactions.Collection, &i, w.event(db.EventInteractionCreated, w.as(w.bob), content{Interaction: &i}))
		answering := &db.User{ID: store.NewID(), Name: text, Email: "bob@crm.example", Role: auth.User}
		w.insert(db.Users.Collection, answering)
		ticket := *w.ticket
		ticket.InteractionUserID = &answering.ID
		ticket.ID, ticket.InteractionID, ticket.CustomerID, ticket.Description = store.NewID(), &i.ID, customer.ID, text
		w.insert(db.Tickets.Collection, &ticket, w.event(db.EventTicketCreated, w.as(answering), content{Ticket: &ticket}))
	}
	start(t, w.db, newMailer(t, server))
	sent := map[string]*db.Delivery{}
	for _, d := range w.settled(2 * len(mailtest.Hostile)) {
		sent["<"+d.MessageID+">"] = d
	}
	mails := server.Inbox()
	if len(mails) != 2*len(mailtest.Hostile) {
		t.Fatalf("received %d mails", len(mails))
	}
	for _, m := range mails {
		p := mailtest.Parse(t, m.Raw)
		d := sent[p.Header.Get("Message-ID")]
		if d == nil {
			t.Fatalf("no delivery has the Message-ID of\n%s", m.Raw)
		}
		harmless(t, m, p, d)
	}
}

// harmless checks that a message has only the intended fields and texts.
func harmless(t *testing.T, m mailtest.Received, p mailtest.Message, d *db.Delivery) {
	t.Helper()
	want := []string{
		"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Subject", "To",
		"X-Auto-Response-Suppress",
	}
	if d.EventType == db.EventTicketCreated {
		want = slices.Insert(want, 8, "Reply-To")
	}
	if got := slices.Sorted(maps.Keys(p.Header)); !slices.Equal(got, want) {
		t.Errorf("the fields are %q\n%s", got, m.Raw)
	}
	for field, values := range p.Header {
		if len(values) != 1 {
			t.Errorf("%s is there %d times", field, len(values))
		}
	}
	if m.To != "carl@customer.example" || p.To.Address != m.To || p.From.Address != mailtest.User {
		t.Errorf("to %s and %s, from %s", m.To, p.To, p.From)
	}
	if p.Subject != d.Subject || p.To.Name != mail.Header(d.RecipientName, mail.NameLimit) {
		t.Errorf("subject %q, want %q; name %q, want %q", p.Subject, d.Subject, p.To.Name, d.RecipientName)
	}
	if p.Text != d.Text || p.HTML != d.HTML || strings.Contains(p.HTML, "<b>x") {
		t.Errorf("text %q, want %q", p.Text, d.Text)
	}
	if strings.ContainsAny(p.Subject+p.To.Name, "\r\n\x00\x1b\u2028\u2029\u0085\u202e") {
		t.Errorf("subject %q, name %q", p.Subject, p.To.Name)
	}
}
