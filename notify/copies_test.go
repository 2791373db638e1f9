package notify

import (
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/address"
	"crm/notify/mail/mailtest"
)

// copy writes a message of Bob's on a ticket that is copied to addresses.
func (w *world) copy(ticket *db.Ticket, text string, cc ...string) {
	w.t.Helper()
	if _, _, err := w.db.ReplyToTicket(w.t.Context(), w.as(w.bob), ticket.ID, db.NewReply{BodyText: text, Cc: cc}); err != nil {
		w.t.Fatal(err)
	}
}

// TestCopies checks that who gets a copy of a reply gets one mail, which is to the customer, and that nobody is mailed twice.
func TestCopies(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		server := mailtest.NewServer(t)
		ticket := *w.ticket
		ticket.CreatedAt = w.created
		w.insert(db.Interactions.Collection, w.interaction)
		w.insert(db.Tickets.Collection, &ticket)
		if _, err := w.db.AddTicketNote(t.Context(), w.as(w.bob), ticket.ID, db.NewNote{BodyText: "A difficult customer."}); err != nil {
			t.Fatal(err)
		}
		w.copy(&ticket, "Water is on its way.", "eve@other.example", "jürgen@other.example", "Carl@Customer.example", "jo@bücher.example", "EVE@other.example")
		w.say(w.as(w.bob), &ticket, "It is out.", nil)
		inbox, err := address.ParseInbox("reply+{token}@crm.example")
		if err != nil {
			t.Fatal(err)
		}
		start(t, w.db, newMailer(t, server), Configure(Config{Sender: "crm@example.com", Inbox: inbox, Links: NewLinks("https://crm.example", DefaultLinkPath, DefaultAccountLinkPath)}))
		w.settled(5)
		got, ids := map[string]int{}, map[string]bool{}
		for _, m := range server.Inbox() {
			p := mailtest.Parse(t, m.Raw)
			got[m.To]++
			ids[p.Header.Get("Message-Id")] = true
			copied := strings.Contains(p.Text, "Water is on its way.\n") && !strings.Contains(p.Text, "It is out.\n")
			cc := ""
			if copied {
				cc = "<eve@other.example>, <jo@xn--bcher-kva.example>"
			}
			if p.To.String() != `"Carl" <carl@customer.example>` || p.Header.Get("Cc") != cc || p.From.Name != "Bob via CRM" {
				t.Errorf("%s gets mail to %s and %q from %s", m.To, p.To, p.Header.Get("Cc"), p.From)
			}
			root := "<" + ticket.ID.String() + "@example.com>"
			token := w.db.ReplyToken(ticket.ID, auth.AccountKey(auth.Customer, w.carl.ID))
			if p.Header.Get("References") != root || p.Header.Get("Reply-To") != `"CRM" <reply+`+token+`@crm.example>` {
				t.Errorf("it refers to %s, and answers go to %s", p.Header.Get("References"), p.Header.Get("Reply-To"))
			}
			if m.To != w.carl.Email && (strings.Contains(p.Text, "https://") || !strings.HasPrefix(p.Text, "Water ")) || strings.Contains(p.Text, "difficult") {
				t.Errorf("%s gets %s", m.To, p.Text)
			}
			if copied && !strings.Contains(p.Text, "Carl wrote:\n> The printer is on fire\n") {
				t.Errorf("%s isn't quoted anything: %s", m.To, p.Text)
			}
		}
		if len(ids) != 4 || got[w.carl.Email] != 2 || got["eve@other.example"] != 1 || got["jo@xn--bcher-kva.example"] != 1 {
			t.Errorf("the mail is %v, with the ids %v", got, ids)
		}
		for _, d := range w.deliveries() {
			if d.IsCopy() && (d.Status == db.DeliveryFailed) != (d.Recipient == "jürgen@other.example") {
				t.Errorf("the copy to %s is %s", d.Recipient, d.Status)
			}
		}
	})
}

// TestCopiesInOrder checks that copies to an address are sent in order, and wait for nobody else.
func TestCopiesInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket := *w.ticket
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, &ticket)
	w.copy(&ticket, "First", "eve@other.example", "jo@other.example")
	w.copy(&ticket, "Second", "eve@other.example")
	service := New(w.db, acceptingMailer{}, discard(), quick)
	w.planAll(service)
	related := map[string]int{}
	for _, d := range w.deliveries() {
		others, err := w.db.RelatedDeliveries(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range others {
			if other.CopyTo != d.CopyTo {
				t.Errorf("the delivery to %s waits for one to %q", d.Recipient, other.CopyTo)
			}
		}
		related[d.Recipient] += len(others)
	}
	if len(related) != 3 || related[w.carl.Email] != 2 || related["eve@other.example"] != 2 || related["jo@other.example"] != 0 {
		t.Errorf("related are %v", related)
	}
}

// TestErasedCopies checks that copies which wait are dropped with the customer's account, and nothing of them is left.
func TestErasedCopies(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *world) {
		server := mailtest.NewServer(t)
		ticket := *w.ticket
		w.insert(db.Interactions.Collection, w.interaction)
		w.insert(db.Tickets.Collection, &ticket)
		w.copy(&ticket, "Water is on its way.", "eve@other.example")
		w.planAll(New(w.db, acceptingMailer{}, discard(), quick))
		w.deleteCarl()
		start(t, w.db, newMailer(t, server))
		w.isErased("Carl", w.carl.Email, "eve@other.example", "Water")
		for _, m := range server.Inbox() {
			if m.To == "eve@other.example" {
				t.Errorf("eve gets %s", m.Raw)
			}
		}
		for _, d := range w.deliveries() {
			if strings.Contains(d.CopyTo, "eve") {
				t.Errorf("a delivery is still a copy to %s", d.CopyTo)
			}
		}
	})
}
