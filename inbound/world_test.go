package inbound_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/address"
	"crm/db/sqlite/sqlitetest"
	"crm/db/store"
	"crm/db/textkey"
	"crm/files"
	"crm/inbound"
)

// host is the name that the receiving host writes before what it has found out.
const host = "mx.crm.example"

// world is a store with Uma, a user; Cleo, a customer; and her ticket, which is Uma's.
type world struct {
	t       *testing.T
	db      *db.DB
	store   store.Store
	service *inbound.Service
	config  inbound.Config
	uma     *db.User
	cleo    *db.Customer
	ticket  *db.Ticket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, filepath.Join(sqlitetest.Folder(t), "crm.db"))
}

func newWorldOn(t *testing.T, path string) *world {
	t.Helper()
	w, engine := &world{t: t}, sqlitetest.Open(t, path, db.Collections())
	inbox, err := address.ParseInbox("reply+{token}@crm.example")
	if err != nil {
		t.Fatal(err)
	}
	w.store, w.db = engine, db.New(engine, nil, db.Options{
		MailDomain: "crm.example", CursorKeys: [][]byte{[]byte("a key of the server's")}, Files: files.NewFolder(t.TempDir()), FileBytes: 1000,
	})
	w.config = inbound.Config{Inbox: inbox, Unknown: db.CreateUnknown, AuthservID: host}
	w.service = inbound.New(w.db, w.config, slog.New(slog.NewTextHandler(t.Output(), nil)))
	return w
}

// people adds the accounts and the ticket.
func (w *world) people() *world {
	w.t.Helper()
	uma := &db.User{ID: store.NewID(), Name: "Uma", Email: "uma@crm-staff.example", Role: auth.User, Version: 1}
	uma.SetKeys(textkey.Default())
	if err := w.store.Insert(w.t.Context(), db.Users.Collection, uma); err != nil {
		w.t.Fatal(err)
	}
	w.uma = uma
	var err error
	if w.cleo, err = w.db.CreateCustomer(w.t.Context(), w.as(uma), db.NewCustomer{Name: "Cleo", Email: "cleo@customer.example"}); err != nil {
		w.t.Fatal(err)
	}
	w.ticket = w.raise("The printer is on fire")
	return w
}

// raise raises a ticket of Cleo's, assigned to Uma.
func (w *world) raise(title string) *db.Ticket {
	w.t.Helper()
	customer := w.cleo.GlobalID()
	ticket, err := w.db.CreateTicket(w.t.Context(), w.as(w.uma), db.NewTicket{CustomerID: &customer, Title: &title, Description: title, Priority: db.PriorityLow})
	if err != nil {
		w.t.Fatal(err)
	}
	if ticket, err = w.db.AssignTicket(w.t.Context(), w.as(w.uma), ticket.ID, nil, &w.uma.ID); err != nil {
		w.t.Fatal(err)
	}
	return ticket
}

func (w *world) as(user *db.User) auth.Scope { return auth.Scope{Role: user.Role, Account: user.ID} }

// mail is a mail: fields of its header, an empty line, and the text.
type mail []string

func (m mail) raw() []byte { return []byte(strings.Join(m, "\r\n")) }

// receive gives a mail to the service, and returns what it has become.
func (w *world) receive(m mail) *db.ReceivedMail {
	w.t.Helper()
	if _, err := w.service.Receive(w.t.Context(), inbound.Mail{Raw: m.raw()}); err != nil {
		w.t.Fatalf("%v\n%s", err, m.raw())
	}
	return w.received(m.raw())
}

// received returns what is known of a mail.
func (w *world) received(raw []byte) *db.ReceivedMail {
	w.t.Helper()
	received, found, err := w.db.Received(w.t.Context(), store.DerivedID("mail", string(raw)))
	if err != nil || !found {
		w.t.Fatalf("the mail isn't known, error %v\n%s", err, raw)
	}
	return received
}

// ticketOf returns the ticket that a mail has become a part of.
func (w *world) ticketOf(received *db.ReceivedMail) *db.Ticket {
	w.t.Helper()
	if received.TicketID == nil {
		w.t.Fatalf("the mail %q is %s: %s", received.Subject, received.Outcome, received.Reason)
	}
	ticket, err := w.db.Tickets.Get(w.t.Context(), auth.SystemScope(), *received.TicketID)
	if err != nil {
		w.t.Fatal(err)
	}
	return ticket
}

// described says what a mail has become: "ticket by Cleo", "public by Uma", "internal by <x@y> unverified automatic".
func (w *world) described(received *db.ReceivedMail) string {
	w.t.Helper()
	if received.Outcome == db.MailRaised {
		ticket := w.ticketOf(received)
		customer, err := w.db.Customers.Get(w.t.Context(), auth.SystemScope(), ticket.CustomerID)
		if err != nil {
			w.t.Fatal(err)
		}
		words := []string{"ticket by", customer.Name}
		if ticket.Acknowledged() {
			words = append(words, "acknowledged")
		}
		if ticket.FollowsID != nil {
			words = append(words, "follows")
		}
		return strings.Join(words, " ")
	}
	if received.Outcome != db.MailWritten {
		return string(received.Outcome)
	}
	message, err := w.db.TicketMessages.Get(w.t.Context(), auth.SystemScope(), received.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	words := []string{string(message.Visibility), "by"}
	switch external := message.External(); {
	case external != nil:
		words = append(words, "<"+external.Email+">")
	case message.AuthorID != nil:
		words = append(words, w.uma.Name)
	default:
		words = append(words, w.cleo.Name)
	}
	if verified := message.SenderVerified(); verified != nil && !*verified {
		words = append(words, "unverified")
	}
	if message.Automatic {
		words = append(words, "automatic")
	}
	return strings.Join(words, " ")
}

// messages returns the texts of the messages on a ticket, in order.
func (w *world) messages(ticket store.ID) []string {
	w.t.Helper()
	found, err := w.db.TicketMessages.List(w.t.Context(), auth.SystemScope(), store.Eq("ticket_id", ticket))
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b *db.TicketMessage) int { return a.Position - b.Position })
	var texts []string
	for _, message := range found {
		texts = append(texts, message.BodyText)
	}
	return texts
}

// tickets returns how many tickets there are.
func (w *world) tickets() int {
	w.t.Helper()
	n, err := w.db.Tickets.Count(w.t.Context(), auth.SystemScope(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// set sets a field of the ticket as if that had happened long ago.
func (w *world) set(ticket *db.Ticket, field string, value any) {
	w.t.Helper()
	err := w.store.Update(context.Background(), db.Tickets.Collection, ticket.ID, store.Filter{}, []store.Assignment{{Field: field, Value: value}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// delivery writes a message to Cleo about the ticket, as if it had been sent.
func (w *world) delivery() *db.Delivery {
	w.t.Helper()
	event := &store.Event{ID: store.NewID(), Type: db.EventTicketMessageCreated, Entity: w.ticket.ID}
	delivery := w.db.NewDelivery(event, "mail", auth.AccountKey(auth.Customer, w.cleo.ID))
	delivery.MessageID, delivery.Recipient, delivery.Status = delivery.ID.String()+"@crm.example", w.cleo.Email, db.DeliverySent
	if err := w.store.Insert(w.t.Context(), db.Deliveries.Collection, delivery); err != nil {
		w.t.Fatal(err)
	}
	return delivery
}

// proof is what the receiving host writes into a mail whose sender's domain proves to be right.
func proof(domain string) string {
	return fmt.Sprintf("Authentication-Results: %s; dmarc=pass header.from=%s", host, domain)
}

// refutation is the same for one whose sender's doesn't.
func refutation(domain string) string {
	return fmt.Sprintf("Authentication-Results: %s; dmarc=fail header.from=%s", host, domain)
}
