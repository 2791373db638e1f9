package notify

import (
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// TestReplies checks that a customer's answer goes to the interaction's user, as long as that can be written to, and the staff's
// to the sender; and that all messages about a record are in one thread.
func TestReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	w.interaction.StartTime = time.Now().Add(time.Hour)
	first := w.announce("First")
	w.insert(db.Tickets.Collection, w.ticket, w.event(db.EventTicketCreated, w.as(w.quiet), content{Ticket: w.ticket}))
	w.interaction.UserID = w.dora.ID // who is deactivated
	w.announce("Second")
	start(t, w.db, newMailer(t, server))
	w.settled(6)
	thread := map[string]store.ID{"First": first.ID, "The printer is on fire": w.ticket.ID}
	for _, m := range server.Inbox() {
		header := mailtest.Parse(t, m.Raw).Header
		_, about, _ := strings.Cut(header.Get("Subject"), ": ")
		want := ""
		if m.To == w.carl.Email && about != "Second" {
			want = `"Bob" <bob@crm.example>`
		}
		if got := header.Get("Reply-To"); got != want {
			t.Errorf("answers of %s about %s go to %q, want %q", m.To, about, got, want)
		}
		if id, ok := thread[about]; ok {
			if root := "<" + id.String() + "@example.com>"; header.Get("References") != root || header.Get("In-Reply-To") != root {
				t.Errorf("the message about %s refers to %s, want %s", about, header.Get("References"), root)
			}
		}
	}
}
