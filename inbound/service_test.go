package inbound_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/inbound"
)

const (
	fromCleo     = "From: Cleo <cleo@customer.example>"
	fromUma      = "From: Uma <uma@crm-staff.example>"
	fromStranger = "From: Sam <sam@stranger.example>"
)

// TestMatching checks which ticket a mail becomes a part of, and who counts as its author.
func TestMatching(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	delivery := w.delivery()
	token := func(account auth.AudienceKey) string {
		return "To: reply+" + w.db.ReplyToken(w.ticket.ID, account) + "@crm.example"
	}
	customers, users := token(auth.AccountKey(auth.Customer, w.cleo.ID)), token(auth.AccountKey(auth.User, w.uma.ID))
	answer := "In-Reply-To: <" + delivery.MessageID + ">"
	number := fmt.Sprintf("Subject: Re: [#%d] The printer", *w.ticket.Number)
	for _, test := range []struct {
		what   string
		header []string
		want   string
	}{
		{"a token", []string{fromCleo, customers}, "public by Cleo"},
		{"a token in capitals", []string{fromCleo, strings.ToUpper(customers)}, "public by Cleo"},
		{"a token that only the receiving server names", []string{fromCleo, "To: undisclosed", "Delivered-To: " + customers[4:]}, "public by Cleo"},
		{"a token that was passed on", []string{fromStranger, customers}, "public by <sam@stranger.example>"},
		{"a forged token", []string{fromStranger, customers[:len(customers)-20] + "aaaa" + customers[len(customers)-16:]}, "ticket by Sam acknowledged"},
		{"a refuted sender with a token", []string{refutation("customer.example"), fromCleo, customers}, "public by <cleo@customer.example> unverified"},
		{"the id of a message", []string{fromCleo, answer}, "public by Cleo"},
		{"the id of the thread", []string{fromCleo, "References: <" + w.ticket.ID.String() + "@crm.example> <x@customer.example>"}, "public by Cleo"},
		{"the id of a thread elsewhere", []string{fromCleo, "References: <" + w.ticket.ID.String() + "@other.example>"}, "ticket by Cleo acknowledged"},
		{"the id of a message by a stranger", []string{fromStranger, "Subject: 1", answer}, "public by <sam@stranger.example>"},
		{"the number", []string{fromCleo, number}, "public by Cleo"},
		{"the number by somebody who has written on it", []string{fromStranger, number}, "public by <sam@stranger.example>"},
		{"the number by somebody who hasn't", []string{"From: Eve <eve@evil.example>", number}, "ticket by Eve acknowledged"},
		{"the number by a refuted sender", []string{refutation("customer.example"), fromCleo, number}, "ticket by Cleo"},
		{"nothing", []string{fromCleo, "Subject: Something else"}, "ticket by Cleo acknowledged"},
		{"a user with a token and proof", []string{proof("crm-staff.example"), fromUma, users}, "public by Uma"},
		{"a user with a token without proof", []string{fromUma, users}, "internal by <uma@crm-staff.example>"},
		{"a user with a token and another's proof", []string{proof("evil.example"), fromUma, users}, "internal by <uma@crm-staff.example>"},
		{"a user with the customer's token", []string{proof("crm-staff.example"), fromUma, customers}, "internal by <uma@crm-staff.example>"},
		{"a user without a token", []string{proof("crm-staff.example"), fromUma, answer}, "internal by <uma@crm-staff.example>"},
		{"a user's automatic answer", []string{proof("crm-staff.example"), fromUma, users, "Auto-Submitted: auto-replied"}, "internal by <uma@crm-staff.example> automatic"},
		{"a refuted user", []string{refutation("crm-staff.example"), fromUma, users}, "internal by <uma@crm-staff.example> unverified"},
		{"a customer's automatic answer", []string{fromCleo, "Subject: 2", answer, "Auto-Submitted: auto-replied"}, "public by Cleo automatic"},
		{"an automatic answer to nothing", []string{fromCleo, "Auto-Submitted: auto-replied"}, "ignored"},
		{"an automatic mail", []string{"From: Alarm <alarm@machine.example>", "Auto-Submitted: auto-generated"}, "ticket by Alarm"},
		{"our own message", []string{fromStranger, "Message-ID: <" + delivery.MessageID + ">"}, "ignored"},
		{"our own address", []string{"From: reply@crm.example", answer}, "ignored"},
		{"no sender", []string{"Subject: Hello"}, "ticket by Unknown sender"},
		{"no sender again", []string{"Subject: Hello again"}, "ticket by Unknown sender"},
	} {
		w.age()
		m := append(append(mail{}, test.header...), "", test.what)
		if got := w.described(w.receive(m)); got != test.want {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}

// age makes all mail look older, so that a test that sends much isn't taken for a program.
func (w *world) age() {
	w.t.Helper()
	mails, err := w.db.ReceivedMails.List(w.t.Context(), auth.SystemScope(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range mails {
		set := []store.Assignment{{Field: "created_at", Value: time.Now().Add(-time.Hour)}}
		if err := w.store.Update(w.t.Context(), db.ReceivedMails.Collection, m.ID, store.Filter{}, set); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestMessageIDs checks that mail of strangers with the same message id isn't mixed up, and that an answer to mail finds its ticket.
func TestMessageIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	first := w.receive(mail{fromStranger, "Message-ID: <1@stranger.example>", "", "First"})
	again := w.receive(mail{"From: Eve <eve@evil.example>", "Message-ID: <1@stranger.example>", "", "Second"})
	empty := w.receive(mail{"From: Eve <eve@evil.example>", "Message-ID: <>", "", "Third"})
	also := w.receive(mail{fromStranger, "Message-ID: <>", "In-Reply-To: <>", "", "Fourth"})
	answer := w.receive(mail{fromStranger, "Message-ID: <2@stranger.example>", "In-Reply-To: <1@stranger.example>", "", "Fifth"})
	seen := map[store.ID]bool{}
	for _, m := range []*db.ReceivedMail{first, again, empty, also, answer} {
		if m.Outcome != db.MailRaised || seen[*m.TicketID] {
			t.Errorf("%s is %s on a ticket that others are on: %t", m.MessageID, m.Outcome, seen[*m.TicketID])
		}
		seen[*m.TicketID] = true
	}
	follow := w.receive(mail{fromStranger, "In-Reply-To: <2@stranger.example>", "", "Sixth"})
	if follow.Outcome != db.MailWritten || *follow.TicketID != *answer.TicketID {
		t.Errorf("the answer is %s on %s, want a message on %s", follow.Outcome, follow.TicketID, answer.TicketID)
	}
}

// TestReceivedAgain checks that a mail that comes again does nothing, also if the server was killed before it had remembered it.
func TestReceivedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	raise := mail{fromStranger, "Subject: New", "", "A request"}
	write := mail{fromCleo, "In-Reply-To: <" + w.delivery().MessageID + ">", "", "A message"}
	for range 3 {
		for _, m := range []mail{raise, write} {
			received := w.receive(m)
			if err := w.store.Delete(t.Context(), db.ReceivedMails.Collection, received.ID, store.Filter{}); err != nil {
				t.Fatal(err)
			}
			w.receive(m)
		}
	}
	if n := w.tickets(); n != 2 {
		t.Errorf("there are %d tickets, want 2", n)
	}
	if texts := w.messages(w.ticket.ID); len(texts) != 1 {
		t.Errorf("the messages are %q", texts)
	}
	customers, err := w.db.Customers.Count(t.Context(), auth.SystemScope(), store.Filter{})
	if err != nil || customers != 2 {
		t.Errorf("there are %d customers, error %v", customers, err)
	}
}

// TestClosedTickets checks what a mail does to a ticket that isn't open.
func TestClosedTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	for _, test := range []struct {
		status  db.TicketStatus
		closed  time.Duration
		header  string
		want    string
		becomes db.TicketStatus
	}{
		{db.TicketPending, 0, "X-A: b", "public by Cleo", db.TicketOpen},
		{db.TicketResolved, 0, "X-A: b", "public by Cleo", db.TicketOpen},
		{db.TicketClosed, 13 * 24 * time.Hour, "X-A: b", "public by Cleo", db.TicketOpen},
		{db.TicketClosed, 15 * 24 * time.Hour, "X-A: b", "ticket by Cleo acknowledged follows", db.TicketClosed},
		{db.TicketClosed, 13 * 24 * time.Hour, "Precedence: bulk", "public by Cleo automatic", db.TicketClosed},
		{db.TicketClosed, 15 * 24 * time.Hour, "Precedence: bulk", "public by Cleo automatic", db.TicketClosed},
		{db.TicketPending, 0, "List-Id: <x.example>", "public by Cleo automatic", db.TicketPending},
	} {
		ticket := w.raise("Ticket")
		if _, err := w.db.MoveTicket(t.Context(), w.as(w.uma), ticket.ID, nil, test.status); err != nil {
			t.Fatal(err)
		}
		if test.closed > 0 {
			w.set(ticket, "closed_at", time.Now().Add(-test.closed).UTC().Truncate(time.Millisecond))
		}
		m := mail{fromCleo, test.header, "In-Reply-To: <" + ticket.ID.String() + "@crm.example>", "", "It isn't over. " + ticket.ID.String()}
		if got := w.described(w.receive(m)); got != test.want {
			t.Errorf("mail on a ticket that is %s for %s is %s, want %s", test.status, test.closed, got, test.want)
		}
		after, err := w.db.Tickets.Get(t.Context(), auth.SystemScope(), ticket.ID)
		if err != nil || after.Status != test.becomes {
			t.Errorf("the ticket that was %s becomes %s, want %s, error %v", test.status, after.Status, test.becomes, err)
		}
	}
}

// TestStrangers checks what becomes of mail by strangers.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	for _, test := range []struct {
		unknown db.UnknownSenders
		want    string
	}{{db.RejectUnknown, "rejected"}, {db.IgnoreUnknown, "ignored"}, {db.CreateUnknown, "ticket by Sam acknowledged"}} {
		unknown, want := test.unknown, test.want
		w.config.Unknown = unknown
		w.service = inbound.New(w.db, w.config, slog.New(slog.DiscardHandler))
		if got := w.described(w.receive(mail{fromStranger, "", "Hello " + string(unknown)})); got != want {
			t.Errorf("with %s, it is %s, want %s", unknown, got, want)
		}
		if sam, err := db.ByEmail(t.Context(), w.db.Customers, auth.SystemScope(), "sam@stranger.example"); unknown == db.CreateUnknown && (err != nil || sam.EmailVerified()) {
			t.Errorf("a mail, in which anybody may name any sender, proves an address: %v", err)
		}
		if got := w.described(w.receive(mail{fromCleo, "", "Hello " + string(unknown)})); got != "ticket by Cleo acknowledged" {
			t.Errorf("with %s, a customer's is %s", unknown, got)
		}
	}
}

// TestLoops checks that programs that answer each other stop: an address gets few automatic answers, and mail that comes too fast
// counts as automatic.
func TestLoops(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	acknowledged := 0
	for i := range 8 {
		if w.ticketOf(w.receive(mail{fromStranger, "", fmt.Sprint("Thank you for your mail ", i)})).Acknowledged() {
			acknowledged++
		}
	}
	if acknowledged != 5 {
		t.Errorf("%d mails are answered, want 5", acknowledged)
	}
	id := w.delivery().MessageID
	var got []string
	for i := range 5 {
		got = append(got, w.described(w.receive(mail{fromCleo, "In-Reply-To: <" + id + ">", "", fmt.Sprint("Thank you for your mail ", i)})))
	}
	const person, program = "public by Cleo", "public by Cleo automatic"
	if want := []string{person, person, person, program, program}; strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the mails are %q, want %q", got, want)
	}
}

// TestBounces checks that a report about a message that came back marks its delivery, and the customer after three.
func TestBounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	report := func(id string) mail {
		return mail{
			"From: MAILER-DAEMON@mx.example", "Return-Path: <>", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
			"--b", "Content-Type: text/plain", "", "It failed.", "--b", "Content-Type: message/delivery-status", "",
			"Reporting-MTA: dns; mx.example", "", "Final-Recipient: rfc822; cleo@customer.example", "Action: failed", "Status: 5.1.1",
			"Diagnostic-Code: smtp; 550 5.1.1 User unknown", "", "--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <" + id + ">", "", "--b--",
		}
	}
	for i := range 3 {
		cleo, err := w.db.Customers.Get(t.Context(), auth.SystemScope(), w.cleo.ID)
		if err != nil || cleo.Bouncing() {
			t.Errorf("after %d reports, the address bounces: %t, error %v", i, cleo.Bouncing(), err)
		}
		delivery := w.delivery()
		m := report(delivery.MessageID)
		for range 2 { // a report counts once
			if received := w.receive(m); received.Outcome != db.MailBounced || received.Reason != "" {
				t.Errorf("the report is %s: %s", received.Outcome, received.Reason)
			}
		}
		after, err := w.db.Deliveries.Get(t.Context(), auth.SystemScope(), delivery.ID)
		if err != nil || after.Status != db.DeliveryFailed || after.LastError == nil || *after.LastError != "the message came back: 550 5.1.1 User unknown" {
			t.Errorf("the delivery is %+v, error %v", after, err)
		}
	}
	cleo, err := w.db.Customers.Get(t.Context(), auth.SystemScope(), w.cleo.ID)
	if err != nil || !cleo.Bouncing() {
		t.Errorf("after three reports, the address doesn't bounce, error %v", err)
	}
	if received := w.receive(report("65f02b1e9c3f4a0012ab34cd@crm.example")); received.Outcome != db.MailBounced || received.Reason == "" || received.TicketID != nil {
		t.Errorf("a report about an unknown message is %s: %s", received.Outcome, received.Reason)
	}
}

// TestPanic checks that a mail with which the program fails is refused like one that can't be received now.
func TestPanic(t *testing.T) {
	t.Parallel()
	service := inbound.New(nil, inbound.Config{}, slog.New(slog.DiscardHandler)) // without a store
	_, err := service.Receive(t.Context(), inbound.Mail{Raw: mail{fromCleo, "", "Hello"}.raw()})
	var panicked *store.PanicError
	if !errors.As(err, &panicked) {
		t.Errorf("the error is %v", err)
	}
}

// TestUnreadableMail checks that mail that can't be read is a ticket with the mail as it came.
func TestUnreadableMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	m := mail{fromStranger, "Subject: Many parts", "Content-Type: multipart/mixed; boundary=b", ""}
	for range 200 {
		m = append(m, "--b", "Content-Type: text/plain", "", "part")
	}
	received := w.receive(m)
	if ticket := w.ticketOf(received); received.Problem == "" || !strings.Contains(ticket.Description, "multipart/mixed") || ticket.Title != "Many parts" {
		t.Errorf("the ticket is %q, %.100q, and the problem %q", ticket.Title, ticket.Description, received.Problem)
	}
	long := w.ticketOf(w.receive(mail{fromStranger, "", strings.Repeat("word ", 50_000)}))
	if !strings.HasSuffix(long.Description, "(The mail is longer.)") || len(long.Description) > 101_000 {
		t.Errorf("a long mail has %d bytes, and ends with %q", len(long.Description), long.Description[len(long.Description)-30:])
	}
	empty := w.ticketOf(w.receive(mail{fromStranger, ""}))
	if empty.Title == "" || empty.Description == "" {
		t.Errorf("an empty mail is %q, %q", empty.Title, empty.Description)
	}
}

// TestMailAfterTheCustomerIsGone checks that mail on a ticket whose customer has deleted themself is received, so that it doesn't come again
// and again, whoever wrote it.
func TestMailAfterTheCustomerIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	id := w.delivery().MessageID
	cleo := auth.Scope{Role: auth.Customer, Account: w.cleo.ID}
	if _, err := w.db.DeleteCustomer(t.Context(), cleo, w.cleo.ID, nil, false); err != nil {
		t.Fatal(err)
	}
	for i, from := range []string{fromCleo, fromStranger, "From: Uma <uma@crm-staff.example>"} {
		received := w.receive(mail{from, "In-Reply-To: <" + id + ">", fmt.Sprintf("Message-ID: <%d@mail.example>", i), "", fmt.Sprint("Is anybody there? ", i)})
		if received.Outcome != db.MailWritten && received.Outcome != db.MailRaised {
			t.Errorf("mail %s is %s: %s", from, received.Outcome, received.Reason)
		}
	}
	ticket, err := w.db.Tickets.Get(t.Context(), w.as(w.uma), w.ticket.ID)
	if err != nil || ticket.WaitingSince != nil {
		t.Errorf("somebody waits since %v: %v", ticket.WaitingSince, err)
	}
}
