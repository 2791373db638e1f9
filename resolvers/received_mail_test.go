package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// A mail that nothing follows from comes; admins alone see it, at every door.
var _ = inMatrix(
	func(w *world) {
		spam := db.IncomingMail{ID: store.DerivedID("mail", "spam"), FromEmail: "sam@stranger.example", Subject: "Spam"}
		ignored, err := w.s.db.IgnoreMail(w.s.t.Context(), spam, db.MailIgnored, "it comes from this server's own address")
		if err != nil {
			w.s.t.Fatal(err)
		}
		w.ids["spam"] = ignored.GlobalID()
	},
	[]row{
		{"node", given("id", "spam"), [6]string{anon, hide, hide, hide, hide, "spam"}},
		{"receivedMails", noInput, [6]string{anon, deny, deny, deny, deny, "spam"}},
	},
	nil, nil,
)

// The random operations read some mails.
var _ = alsoSeeded(seed{
	kind: db.KindReceivedMail, some: someTickets,
	insert: func(s *seeder, i int) {
		s.insert(db.ReceivedMails.Collection, fields{
			"_id": seededID(db.KindReceivedMail, i), "outcome": "ignored", "reason": textAt(i), "subject": textAt(i + 1), "created_at": momentAt(i),
		})
	},
})

// TestIgnoredMail checks what admins see of mail that nothing followed from.
func TestIgnoredMail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for i, mail := range []db.IncomingMail{
			{FromEmail: "sam@stranger.example", FromName: "Sam", Subject: "Buy this", MessageID: "1@stranger.example", Raw: []byte("a mail")},
			{FromEmail: "eve@stranger.example", Subject: "Away", Automatic: "reply", Reply: true, Verification: db.RefutedSender},
		} {
			mail.ID = store.DerivedID("mail", fmt.Sprint(i))
			if _, err := s.db.ReceiveMail(t.Context(), mail, db.RejectUnknown); err != nil {
				t.Fatal(err)
			}
		}
		const shown = `{ outcome reason fromEmail fromName senderVerified subject messageId automatic size ticket { id } }`
		for filter, want := range map[string]string{
			`outcome: {eq: REJECTED}`: `{"outcome":"REJECTED","reason":"the sender isn't known","fromEmail":"sam@stranger.example","fromName":"Sam",` +
				`"senderVerified":null,"subject":"Buy this","messageId":"1@stranger.example","automatic":"","size":6,"ticket":null}`,
			`outcome: {in: [IGNORED]}`: `{"outcome":"IGNORED","reason":"it was sent automatically, and answers no ticket","fromEmail":"eve@stranger.example",` +
				`"fromName":"","senderVerified":false,"subject":"Away","messageId":"","automatic":"reply","size":0,"ticket":null}`,
		} {
			if got := s.must(ada.token, `{ receivedMails(where: {`+filter+`}) { nodes `+shown+` } }`, nil); !strings.Contains(got.raw, `"nodes":[`+want+`]`) {
				t.Errorf("%s selects %s\nwant %s", filter, got.raw, want)
			}
		}
	})
}

// mailed is what of a message or a ticket comes from its mail.
const mailed = `channel source { fromEmail fromName subject messageId senderVerified automatic problem size raw { fileName size } }`

// TestMailedTickets checks what the API shows of tickets and messages that came by mail, to the staff and to the customer.
func TestMailedTickets(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		receive := func(number int, change func(*db.IncomingMail)) *db.ReceivedMail {
			in := db.IncomingMail{
				ID: store.DerivedID("mail", fmt.Sprint(number)), MessageID: fmt.Sprintf("%d@customer.example", number), FromEmail: "sam@stranger.example",
				FromName: "Sam", Subject: "Smoke", Text: "It smokes.", HTML: `<p>It smokes.</p><img data-remote-src="https://stranger.example/x.png"><img data-cid="photo">`,
				Files: []db.MailFile{{Name: "../photo.txt", ContentType: "text/plain", ContentID: "photo", Content: []byte("a photo")}}, Raw: []byte("raw mail"),
			}
			in.CopiedTo = []string{"jo@other.example"}
			change(&in)
			received, err := s.db.ReceiveMail(t.Context(), in, db.CreateUnknown)
			if err != nil {
				t.Fatal(err)
			}
			return received
		}
		raised := receive(1, func(*db.IncomingMail) {})
		receive(2, func(in *db.IncomingMail) {
			in.FromEmail, in.FromName, in.Answers, in.Verification, in.Subject = "eve@evil.example", "", []string{"1@customer.example"}, db.RefutedSender, "Re: Smoke"
		})
		receive(3, func(in *db.IncomingMail) {
			in.Answers, in.Automatic, in.Text, in.HTML = []string{"1@customer.example"}, "reply", "I am on holiday.", ""
		})
		ticket, err := s.db.Tickets.Get(t.Context(), auth.SystemScope(), *raised.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		w.ids["smoke"] = ticket.GlobalID()
		query := worldQuery(w, `ticket(id: $smoke) { title description descriptionHtml cc `+mailed+` follows { id } messages { nodes {
			bodyText cc bodyHtml shown: bodyHtml(remoteImages: true) automatic senderVerified viewerCan
			author { __typename ... on Customer { name bouncing } ... on ExternalAddress { email name } } `+mailed+` } } }`)
		got := s.must(w.people["uma"].token, query, w.variables())
		for _, want := range []string{
			`"title":"Smoke","description":"It smokes.","descriptionHtml":"<p>It smokes.</p><img data-remote-src=\"https://stranger.example/x.png\"><img src=\"/`, `"cc":["jo@other.example"],"channel":"EMAIL"`, `"bodyText":"It smokes.","cc":["jo@other.example"]`, `"bodyText":"I am on holiday.","cc":["jo@other.example"]`,
			`"channel":"EMAIL","source":{"fromEmail":"sam@stranger.example","fromName":"Sam","subject":"Smoke","messageId":"1@customer.example","senderVerified":null,"automatic":"","problem":"","size":8,"raw":{"fileName":"mail.eml","size":8}},"follows":null`,
			`"shown":"<p>It smokes.</p><img src=\"https://stranger.example/x.png\"><img src=\"/`, `"automatic":false,"senderVerified":false,"viewerCan":[]`,
			`"author":{"__typename":"ExternalAddress","email":"eve@evil.example","name":""}`,
			`"bodyText":"I am on holiday.","cc":["jo@other.example"],"bodyHtml":null,"shown":null,"automatic":true,"senderVerified":null`,
			`"author":{"__typename":"Customer","name":"Sam","bouncing":false}`,
		} {
			plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace
			if !strings.Contains(plain(got.raw), plain(want)) {
				t.Errorf("%s isn't in\n%s", want, got.raw)
			}
		}
		if got.Extensions.Cost.StoreCalls != 13 { // ticket, its mail, its raw one, its HTML and images, messages, their mails, their raw ones, their HTML and images twice, customers
			t.Errorf("it takes %d calls to the store", got.Extensions.Cost.StoreCalls)
		}
		ticket = s.mailIsEdited(w, ticket)
		sam := auth.Scope{Role: auth.Customer, Account: ticket.CustomerID}
		seen, err := s.db.ReceivedMails.Count(t.Context(), sam, store.Filter{})
		if err != nil || seen != 0 {
			t.Errorf("the customer sees %d mails, error %v", seen, err)
		}
		if err := s.db.DeleteTicket(t.Context(), auth.SystemScope(), ticket.ID, nil); err != nil {
			t.Fatal(err)
		}
		ofTickets := store.Not(store.IsNull("ticket_id"))
		if left, err := s.db.ReceivedMails.Count(t.Context(), auth.SystemScope(), ofTickets); err != nil || left != 0 {
			t.Errorf("%d mails are left of a deleted ticket, error %v", left, err)
		}
	})
}

// mailIsEdited checks that the HTML of a mail isn't shown once the text of the message or of the ticket has been changed, also after the
// ticket has been merged into the one that it returns.
func (s *server) mailIsEdited(w *world, ticket *db.Ticket) (into *db.Ticket) {
	s.t.Helper()
	answer, err := s.db.ReceiveMail(s.t.Context(), db.IncomingMail{
		ID: store.DerivedID("mail", "4"), MessageID: "4@customer.example", FromEmail: "sam@stranger.example", Answers: []string{"1@customer.example"},
		Text: "My PIN is 1234.", HTML: "<p>My PIN is 1234.</p>",
	}, db.CreateUnknown)
	if err != nil {
		s.t.Fatal(err)
	}
	query := worldQuery(w, `ticket(id: $smoke) { descriptionHtml messages { nodes { bodyText bodyHtml } } }`)
	shown := func(want bool, texts ...string) {
		s.t.Helper()
		got := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(s.must(w.people["uma"].token, query, w.variables()).raw)
		for _, text := range texts {
			if strings.Contains(got, text) != want {
				s.t.Errorf("%s is shown: %t\n%s", text, !want, got)
			}
		}
	}
	shown(true, `"descriptionHtml":"<p>It smokes.</p>`, `"bodyHtml":"<p>My PIN is 1234.</p>"`)
	sam := auth.Scope{Role: auth.Customer, Account: ticket.CustomerID}
	if _, err := s.db.EditTicketMessage(s.t.Context(), sam, answer.ID, nil, "My PIN is secret."); err != nil {
		s.t.Fatal(err)
	}
	smoke := "It smoked."
	if _, err := s.db.UpdateTicket(s.t.Context(), sam, ticket.ID, nil, db.TicketChanges{Description: &smoke}); err != nil {
		s.t.Fatal(err)
	}
	shown(true, `"descriptionHtml":null`, `"bodyText":"My PIN is secret.","bodyHtml":null`)
	into, err = s.db.CreateTicket(s.t.Context(), sam, db.NewTicket{Description: "It smokes again.", Priority: db.PriorityMedium})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.db.MergeTickets(s.t.Context(), auth.SystemScope(), ticket.ID, into.ID, nil); err != nil {
		s.t.Fatal(err)
	}
	w.ids["smoke"] = into.GlobalID()
	shown(true, `"bodyText":"Smoke\n\nIt smoked.","bodyHtml":null`)
	shown(false, "1234")
	return into
}
