package notify

import (
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/address"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// say writes a message on a ticket.
func (w *world) say(by auth.Scope, ticket *db.Ticket, text string, status *db.TicketStatus) *db.TicketMessage {
	w.t.Helper()
	message, _, err := w.db.ReplyToTicket(w.t.Context(), by, ticket.ID, db.NewReply{BodyText: text, Status: status})
	if err != nil {
		w.t.Fatal(err)
	}
	return message
}

// TestConversationsByMail checks who gets what is written on a ticket: each public message once, in the ticket's thread, and a note
// only the colleague whom it names and who sees the ticket.
func TestConversationsByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	onMeeting, queued := *w.ticket, *w.ticket
	onMeeting.Number, onMeeting.Title, queued.Number = new(7), "The printer is on fire", new(8)
	queued.ID, queued.InteractionID, queued.InteractionUserID, queued.Queue = store.NewID(), nil, nil, new("shared")
	queued.Title = "Where is my order?"
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, &onMeeting)
	w.insert(db.Tickets.Collection, &queued)
	resolved := db.TicketResolved
	w.say(w.as(w.bob), &onMeeting, "Water is on its way.", nil)
	w.say(w.asCarl(), &onMeeting, "Hurry!", nil)
	if _, err := w.db.AddTicketNote(t.Context(), w.as(w.bob), onMeeting.ID, db.NewNote{BodyText: "A difficult customer, @Quinn and @Ada."}); err != nil {
		t.Fatal(err)
	}
	withdrawn := w.say(w.as(w.bob), &onMeeting, "This is none of our business.", nil)
	if err := w.db.DeleteTicketMessage(t.Context(), w.as(w.bob), withdrawn.ID, nil); err != nil {
		t.Fatal(err)
	}
	w.say(w.as(w.ada), &onMeeting, "It is out.", &resolved)
	w.say(w.asCarl(), &queued, "I am waiting.", nil)
	w.say(w.as(w.quiet), &queued, "It left today.", nil)
	start(t, w.db, newMailer(t, server))
	w.settled(7)
	got := map[string]string{}
	for _, m := range server.Inbox() {
		p := mailtest.Parse(t, m.Raw)
		for _, secret := range []string{"difficult", "business"} {
			if m.To != w.ada.Email && (strings.Contains(p.Text, secret) || strings.Contains(p.HTML, secret)) {
				t.Errorf("%s gets %s", m.To, p.Text)
			}
		}
		id := onMeeting.ID
		if strings.Contains(p.Header.Get("Subject"), "order") {
			id = queued.ID
		}
		if root := "<" + id.String() + "@example.com>"; p.Header.Get("References") != root || p.Header.Get("In-Reply-To") != root {
			t.Errorf("a message refers to %q and answers %q, want %s", p.Header.Get("References"), p.Header.Get("In-Reply-To"), root)
		}
		if byPerson := strings.HasPrefix(p.Header.Get("Subject"), "[#"); byPerson == (p.Header.Get("Auto-Submitted") == "auto-generated") {
			t.Errorf("%s is marked as %q", p.Header.Get("Subject"), p.Header.Get("Auto-Submitted"))
		}
		text, _, _ := strings.Cut(p.Text, "\n\nOn ") // what it quotes
		got[m.To+": "+p.Header.Get("Subject")] += strings.Join(strings.Fields(text), " ") + " / " + p.Header.Get("Reply-To") + "; "
	}
	for about, want := range map[string]string{
		"carl@customer.example: [#7] The printer is on fire": `Water is on its way. / "Bob" <bob@crm.example>; ` +
			`It is out. Status: resolved / "Bob" <bob@crm.example>; `,
		"bob@crm.example: [#7] The printer is on fire": "Hurry! / ; ",
		"ada@crm.example: [#7] The printer is on fire": "Bob named you in a note, which customers don't see: " +
			`A difficult customer, @Quinn and @Ada. / "Bob" <bob@crm.example>; `,
		"carl@customer.example: [#8] Where is my order?":              `It left today. / "Quinn" <quinn@crm.example>; `,
		"ada@crm.example: [#8] Where is my order?":                    "I am waiting. / ; ",
		"bob@crm.example: Ticket #7 resolved: The printer is on fire": "",
	} {
		found, ok := got[about]
		if !ok || want != "" && found != want {
			t.Errorf("%s is %q, want %q", about, found, want)
		}
	}
	if len(got) != 6 {
		t.Errorf("there is more mail: %v", got)
	}
	for _, d := range w.deliveries() {
		if d.EntityID != onMeeting.ID && d.EntityID != queued.ID {
			t.Errorf("a delivery is about %s", d.EntityID)
		}
	}
}

// TestAnswersToNotes checks that who is named in a note doesn't answer to the ticket, where the customer would read it.
func TestAnswersToNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	ticket := *w.ticket
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, &ticket)
	w.say(w.as(w.bob), &ticket, "Water is on its way.", nil)
	if _, err := w.db.AddTicketNote(t.Context(), w.as(w.bob), ticket.ID, db.NewNote{BodyText: "A difficult customer, @Ada."}); err != nil {
		t.Fatal(err)
	}
	inbox, err := address.ParseInbox("reply+{token}@crm.example")
	if err != nil {
		t.Fatal(err)
	}
	start(t, w.db, newMailer(t, server), Configure(Config{Inbox: inbox}))
	w.settled(2)
	for _, m := range server.Inbox() {
		answers := mailtest.Parse(t, m.Raw).Header.Get("Reply-To")
		if m.To == w.ada.Email && answers != `"Bob" <bob@crm.example>` || m.To == w.carl.Email && !strings.Contains(answers, "<reply+") {
			t.Errorf("what %s answers goes to %s", m.To, answers)
		}
	}
}

// TestExternalName checks that mail tells the address of somebody without an account, and whether it may be somebody else's.
func TestExternalName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, email string
		verified    bool
		want        string
	}{
		{"Eve", "eve@evil.example", true, "Eve <eve@evil.example>"},
		{"Eve", "eve@evil.example", false, "Eve <eve@evil.example> (the address may be forged)"},
		{"", "eve@evil.example", false, "eve@evil.example (the address may be forged)"},
		{"[erased]", "", false, "[erased]"},
		{"Bob\nBob:", "eve@evil.example", true, "Bob Bob: <eve@evil.example>"},
	} {
		if got := externalName(&db.ExternalAddress{Name: test.name, Email: test.email}, test.verified); got != test.want {
			t.Errorf("%q, %q is %q, want %q", test.name, test.email, got, test.want)
		}
	}
}
