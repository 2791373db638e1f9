package inbound_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/inbound"
)

// TestCc checks to whom else a mail was sent, as its ticket or its message shows it: everybody in To and Cc once, except for the
// sender and for addresses of the server's own.
func TestCc(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	w.config.Sender = "CRM <crm@crm.example>"
	w.service = inbound.New(w.db, w.config, slog.New(slog.DiscardHandler))
	token := w.db.ReplyToken(w.ticket.ID, auth.AccountKey(auth.Customer, w.cleo.ID))
	answer := "In-Reply-To: <" + w.delivery().MessageID + ">"
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("a%d@other.example", i)
	}
	for _, test := range []struct {
		what   string
		header []string
		want   string
	}{
		{"nobody", []string{fromCleo, "To: reply@crm.example"}, ""},
		{"others", []string{fromCleo, `To: Reply@CRM.example, "Roe, Jo" <jo@other.example>`, "Cc: eve@other.example, Sam <sam@other.example>"},
			"jo@other.example eve@other.example sam@other.example"},
		{"only others", []string{fromCleo, "To: jo@other.example"}, "jo@other.example"},
		{"the same, the sender and what is no address", []string{fromCleo, "To: jo@other.example, Cleo@customer.example, undisclosed",
			"Cc: JO@Other.example, jo@b\u00fccher.example, jo@xn--bcher-kva.example, \"a b\"@other.example"}, "jo@other.example jo@b\u00fccher.example"},
		{"addresses of the server's", []string{"Delivered-To: reply@crm.example", "X-Original-To: help@crm.example", fromCleo,
			"To: help@crm.example, crm@crm.example, reply+x@crm.example, jo@other.example"}, "jo@other.example"},
		{"blind copies", []string{fromCleo, "To: reply@crm.example", "Bcc: jo@other.example"}, ""},
		{"many", []string{fromCleo, "To: " + strings.Join(many, ",\r\n ")}, strings.Join(many[:50], " ")},
		{"an answer", []string{fromCleo, answer, "To: reply+" + token + "@crm.example", "Cc: jo@other.example"}, "jo@other.example"},
		{"an answer by somebody else", []string{"From: jo@other.example", answer, "To: reply+" + token + "@crm.example, cleo@customer.example", "Cc: eve@other.example"},
			"cleo@customer.example eve@other.example"},
		{"a user's answer", []string{proof("crm-staff.example"), fromUma, "To: reply+" + w.db.ReplyToken(w.ticket.ID, auth.AccountKey(auth.User, w.uma.ID)) + "@crm.example",
			"Cc: eve@other.example"}, "eve@other.example"},
	} {
		w.age()
		received := w.receive(append(append(mail{}, test.header...), "", test.what))
		var got []string
		if received.Outcome == db.MailRaised {
			got = w.ticketOf(received).Cc()
		} else {
			message, err := w.db.TicketMessages.Get(t.Context(), auth.SystemScope(), received.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got = message.Cc(w.as(w.uma)); len(message.Copies()) > 0 {
				t.Errorf("%s: copies are mailed to %q", test.what, message.Copies())
			}
			own := message.ByCustomer() && message.External() == nil
			if seen := message.Cc(auth.Scope{Role: auth.Customer, Account: w.cleo.ID}); len(seen) > 0 != own {
				t.Errorf("%s: the customer sees %q", test.what, seen)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: it was also sent to %q, want %q", test.what, got, test.want)
		}
	}
}
