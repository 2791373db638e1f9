package inbound_test

import (
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestAttachments checks that the files of a mail, and the mail as it came, are attached once to what it becomes, also if the server
// was killed before it had remembered that, and that a file that can't be kept is named.
func TestAttachments(t *testing.T) {
	t.Parallel()
	w := newWorld(t).people()
	files := []string{
		"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "See the files.",
		"--b", "Content-Type: text/plain", "Content-Disposition: attachment; filename=../../notes.txt", "", "Some notes.",
		"--b", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=large.pdf", "", "%PDF-" + strings.Repeat("x", 2000), "--b--",
	}
	raise := append(mail{fromStranger}, files...)
	write := append(mail{fromCleo, "In-Reply-To: <" + w.delivery().MessageID + ">"}, files...)
	var ids []store.ID
	for range 2 {
		for _, m := range []mail{raise, write} {
			received := w.receive(m)
			ids = append(ids, *received.TicketID)
			if err := w.store.Delete(t.Context(), db.ReceivedMails.Collection, received.ID, store.Filter{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const note = "See the files.\n\nAttached to the mail, but not kept: large.pdf (2005 bytes, too large)"
	ticket, err := w.db.Tickets.Get(t.Context(), auth.SystemScope(), ids[0])
	if err != nil || ticket.Description != note {
		t.Errorf("the ticket says %q, error %v", ticket.Description, err)
	}
	if texts := w.messages(w.ticket.ID); len(texts) != 1 || texts[0] != note {
		t.Errorf("the messages are %q", texts)
	}
	for _, id := range ids[:2] {
		var names []string
		attached, err := w.db.Attachments.List(t.Context(), auth.SystemScope(), store.Eq("ticket_id", id))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range attached {
			names = append(names, a.FileName+" "+string(a.Visibility))
		}
		if got := strings.Join(names, ", "); got != "notes.txt public" {
			t.Errorf("the files are %s", got)
		}
	}
	small := w.receive(mail{fromCleo, "", "A small mail"})
	raw, err := w.db.Attachments.Get(t.Context(), auth.SystemScope(), db.RawMailID(small.ID))
	if err != nil || raw.Visibility != db.MessageInternal || raw.TicketID != *small.TicketID {
		t.Errorf("the mail as it came is %+v, error %v", raw, err)
	}
	if _, err := w.db.Attachments.Get(t.Context(), auth.Scope{Role: auth.Customer, Account: w.cleo.ID}, raw.ID); store.CodeOf(err) != store.NotFound {
		t.Errorf("the customer sees the mail as it came, error %v", err)
	}
}
