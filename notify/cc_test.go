package notify

import (
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/notify/mail/mailtest"
)

// TestCcOfMail checks that nobody is mailed because a mail that came was also sent to them, whoever wrote it, and that the staff see whom else
// it reached, and customers don't.
func TestCcOfMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := mailtest.NewServer(t)
	w.insert(db.Interactions.Collection, w.interaction)
	w.insert(db.Tickets.Collection, w.ticket)
	for collection, account := range map[*store.Collection]struct {
		id    store.ID
		email string
	}{db.Users.Collection: {w.bob.ID, w.bob.Email}, db.Customers.Collection: {w.carl.ID, w.carl.Email}} {
		keyed := []store.Assignment{{Field: "email_key", Value: db.AddressKey(account.email)}} // by which senders are found
		if err := w.store.Update(t.Context(), collection, account.id, store.Filter{}, keyed); err != nil {
			t.Fatal(err)
		}
	}
	token := func(account auth.AudienceKey) []string { return []string{w.db.ReplyToken(w.ticket.ID, account)} }
	for number, in := range []db.IncomingMail{
		{FromEmail: w.carl.Email, Tokens: token(auth.AccountKey(auth.Customer, w.carl.ID)), Text: "By Carl"},
		{FromEmail: w.bob.Email, Tokens: token(auth.AccountKey(auth.User, w.bob.ID)), Text: "By Bob", Verification: db.VerifiedSender},
		{FromEmail: "jo@other.example", Tokens: token(auth.AccountKey(auth.Customer, w.carl.ID)), Text: "By Jo"},
		{FromEmail: w.carl.Email, Subject: "Another request", Text: "A ticket"},
	} {
		in.ID, in.CopiedTo = store.DerivedID("mail", string(rune('a'+number))), []string{"eve@other.example", "sam@other.example"}
		if _, err := w.db.ReceiveMail(t.Context(), in, db.CreateUnknown); err != nil {
			t.Fatal(err)
		}
	}
	start(t, w.db, newMailer(t, server))
	w.settled(5)
	got := map[string]string{}
	for _, m := range server.Inbox() {
		p := mailtest.Parse(t, m.Raw)
		if strings.Contains(m.To, "other.example") {
			t.Errorf("%s is mailed %s", m.To, p.Text)
		}
		for _, by := range []string{"By Carl", "By Bob", "By Jo"} {
			if strings.HasPrefix(p.Text, by) || strings.Contains(p.Text, "wrote:\n\n"+by) {
				shown := ""
				if strings.Contains(p.Text, "\nCc: eve@other.example, sam@other.example\n") {
					shown = "in the text"
				}
				got[by] = m.To + " " + p.Header.Get("Cc") + shown
			}
		}
	}
	for by, want := range map[string]string{
		"By Carl": w.bob.Email + " in the text", "By Jo": w.bob.Email + " in the text",
		"By Bob": w.carl.Email + " ",
	} {
		if got[by] != want {
			t.Errorf("the mail %q goes to %q, want %q", by, got[by], want)
		}
	}
}
