package notify

import (
	"bytes"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// hostile are texts that try to be more than text.
var hostile = []string{
	"x\r\nBcc: eve@example.com\r\n", "x\nBcc: eve@example.com\n\nHello", "x\rBcc: eve@example.com",
	"\r\n\r\n.\r\nQUIT\r\n",
	"x\u2028Bcc: eve@example.com", "x\u2029Bcc: eve@example.com", "x\u0085Bcc: eve@example.com",
	"x\vBcc:\fy", "\x00x\x1b[2J\x7f",
	"=?utf-8?q?x=0D=0ABcc:_eve@example.com?=", "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5jb20=?=",
	"a, eve@example.com, b", `"a" <eve@example.com>`, "a <eve@example.com>, b", "a> <eve@example.com", `back\slash"quote`,
	"ünï, cödé; <eve@example.com>", "(comment) a: b;", "x\u202eBcc\u2066", "\xff\xfe\r\nBcc: x",
	strings.Repeat("long ü", 500),
	"--boundary\r\nContent-Type: text/html\r\n\r\n<b>x</b>", " leading", "trailing ", "\t",
}

// TestInjection puts hostile texts wherever somebody may write one, and reads what arrives.
func TestInjection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := newMailServer(t)
	for _, text := range hostile {
		customer := &db.Customer{ID: store.NewID(), Name: text, Email: "carl@customer.example"}
		w.insert(db.Customers.Collection, customer)
		i := *w.interaction
		i.ID, i.CustomerID, i.UserID = store.NewID(), customer.ID, w.dora.ID
		i.Title, i.Description, i.Location = text, text, &text
		w.insert(db.Interactions.Collection, &i, w.event(db.EventInteractionCreated, w.as(w.bob), db.EventData{Interaction: &i}))
		ticket := *w.ticket
		ticket.ID, ticket.InteractionID, ticket.CustomerID, ticket.Description = store.NewID(), i.ID, customer.ID, text
		w.insert(db.Tickets.Collection, &ticket, w.event(db.EventTicketCreated, w.as(w.bob), db.EventData{Ticket: &ticket}))
	}
	start(t, w.db, server.mailer(t))
	sent := map[string]*db.Delivery{}
	for _, d := range w.settled(2 * len(hostile)) {
		sent["<"+d.MessageID+">"] = d
	}
	mails := server.inbox()
	if len(mails) != 2*len(hostile) {
		t.Fatalf("%d mails came", len(mails))
	}
	for _, m := range mails {
		p := parse(t, m.raw)
		d := sent[p.header.Get("Message-ID")]
		if d == nil {
			t.Fatalf("nobody sent\n%s", m.raw)
		}
		harmless(t, m, p, d)
	}
}

// harmless checks that a message is what was meant.
func harmless(t *testing.T, m received, p parsed, d *db.Delivery) {
	t.Helper()
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	if got := slices.Sorted(maps.Keys(p.header)); !slices.Equal(got, want) {
		t.Errorf("the fields are %q\n%s", got, m.raw)
	}
	for field, values := range p.header {
		if len(values) != 1 {
			t.Errorf("%s is there %d times", field, len(values))
		}
	}
	if m.to != "carl@customer.example" || p.to.Address != m.to || p.from.Address != mailUser {
		t.Errorf("to %s and %s, from %s", m.to, p.to, p.from)
	}
	if p.subject != d.Subject || p.to.Name != header(d.RecipientName, nameLimit) {
		t.Errorf("subject %q, want %q; name %q, want %q", p.subject, d.Subject, p.to.Name, d.RecipientName)
	}
	if p.text != d.Text || p.html != d.HTML || strings.Contains(p.html, "<b>x") {
		t.Errorf("text %q, want %q", p.text, d.Text)
	}
	if strings.ContainsAny(p.subject+p.to.Name, "\r\n\x00\x1b\u2028\u2029\u0085\u202e") {
		t.Errorf("subject %q, name %q", p.subject, p.to.Name)
	}
}

// TestStoredHeaders: a delivery that something else than this package planned is not trusted either.
func TestStoredHeaders(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	mailer := server.mailer(t)
	for _, text := range hostile {
		d := newDelivery()
		d.RecipientName, d.Subject, d.MessageID = text, text, text
		if err := mailer.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		d = newDelivery()
		d.Recipient = "carl@customer.example" + text
		if err := mailer.Send(t.Context(), d); err == nil && d.Recipient == strings.TrimSpace(d.Recipient) {
			t.Errorf("%q was sent to", d.Recipient)
		}
	}
	for _, m := range server.inbox() {
		message, err := mail.ReadMessage(bytes.NewReader(m.raw))
		if err != nil {
			t.Fatal(err)
		}
		if len(message.Header) > 8 || message.Header.Get("Bcc") != "" {
			t.Errorf("there are more fields in\n%s", m.raw)
		}
	}
}
