package db_test

import (
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// TestMailTwiceAtOnce receives a mail with files while another attempt at the same mail, which begins and ends in between, does so, too.
func TestMailTwiceAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		options := db.Options{Files: files.NewFolder(t.TempDir())}
		d := db.New(engine, nil, options)
		for after := range 6 {
			mail := db.IncomingMail{
				ID: store.NewID(), FromEmail: "cleo@customer.example", Subject: "Files", Text: "See the files.", Raw: []byte("raw"),
				Files: []db.MailFile{{Name: "a.txt", Content: []byte("one")}, {Name: "b.txt", Content: []byte("two")}},
			}
			var first error
			slow := db.New(&overtaken{engine, db.Uploads.Collection, after, func() { _, first = d.ReceiveMail(t.Context(), mail, db.CreateUnknown) }}, nil, options)
			received, err := slow.ReceiveMail(t.Context(), mail, db.CreateUnknown)
			if store.CodeOf(err) == store.Conflict { // a mail may have to come again
				received, err = slow.ReceiveMail(t.Context(), mail, db.CreateUnknown)
			}
			if err != nil || first != nil {
				t.Fatalf("after %d changes, the attempts end with %v and %v", after, first, err)
			}
			ticket, err := d.Tickets.Get(t.Context(), auth.SystemScope(), *received.TicketID)
			if err != nil || ticket.Description != mail.Text {
				t.Errorf("after %d changes, the ticket says %q, %v", after, ticket.Description, err)
			}
			if got := namesOn(t, engine, ticket.ID); got != "a.txt b.txt mail.eml" {
				t.Errorf("after %d changes, the ticket has the files %s", after, got)
			}
		}
		if err := planAndSweep(t.Context(), engine, d, 11*time.Minute); err != nil {
			t.Fatal(err)
		}
		if n, err := engine.Count(t.Context(), db.Attachments.Collection, store.Filter{}); err != nil || n != 18 {
			t.Errorf("the sweeper leaves %d attachments, %v", n, err)
		}
	})
}

func namesOn(t *testing.T, engine store.Store, ticket store.ID) string {
	t.Helper()
	found, err := entity.Find[db.Attachment](t.Context(), engine, db.Attachments.Collection, store.Query{
		Where: store.Eq("ticket_id", ticket), Sort: []store.Sort{{Field: "created_at"}, {Field: "_id"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(found))
	for i, attachment := range found {
		names[i] = attachment.FileName
	}
	return strings.Join(names, " ")
}

// TestMostFilesOfTicket fills a ticket with files that its customer sees and doesn't see. Mails as they came don't count, and a customer
// isn't told how many files there are.
func TestMostFilesOfTicket(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d := db.New(engine, nil, db.Options{Files: files.NewFolder(t.TempDir())})
		mail := db.IncomingMail{
			ID: store.NewID(), FromEmail: "cleo@customer.example", Text: "See the file.", Raw: []byte("raw"),
			Files: []db.MailFile{{Name: "a.txt", Content: []byte("one")}},
		}
		received, err := d.ReceiveMail(t.Context(), mail, db.CreateUnknown)
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := d.Tickets.Get(t.Context(), auth.SystemScope(), *received.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		scope := auth.Scope{Role: auth.Customer, Account: ticket.CustomerID}
		now := time.Now().UTC().Truncate(time.Millisecond)
		internal := make([]store.Document, 98)
		for i := range internal { // of mail that may only seem to be by one of the staff
			internal[i] = &db.Attachment{
				ID: store.NewID(), TicketID: ticket.ID, CustomerID: ticket.CustomerID, Visibility: db.MessageInternal, Scan: db.FileClean,
				CreatedAt: now, UpdatedAt: now, Version: 1,
			}
		}
		if err := store.Load(t.Context(), engine, db.Attachments.Collection, internal); err != nil {
			t.Fatal(err)
		}
		reply := func() error {
			in := db.NewReply{BodyText: "x", Attachments: []store.ID{storedFile(t, d, scope, "content")}}
			_, _, err := d.ReplyToTicket(t.Context(), scope, ticket.ID, in)
			return err
		}
		if err := reply(); err != nil {
			t.Errorf("the 100th file is refused: %v", err)
		}
		if err := reply(); store.CodeOf(err) != store.BadInput || strings.Contains(err.Error(), "101") {
			t.Errorf("the 101st file is answered with %v", err)
		}
		mail.ID, mail.Tokens = store.NewID(), []string{d.ReplyToken(ticket.ID, auth.AccountKey(scope.Role, scope.Account))}
		if _, err := d.ReceiveMail(t.Context(), mail, db.CreateUnknown); err != nil {
			t.Fatal(err)
		}
		messages, err := d.TicketMessages.List(t.Context(), scope, store.Eq("ticket_id", ticket.ID))
		if err != nil || len(messages) != 2 || !strings.HasSuffix(messages[1].BodyText, "but not kept: a.txt (3 bytes, the ticket has too many files)") {
			t.Errorf("the messages are %v, %v", messages, err)
		}
	})
}

// TestMailFileNotAsAnnounced checks that a file isn't said to be a threat that is refused for another reason: here, because its upload
// says that it has another size. The mail waits.
func TestMailFileNotAsAnnounced(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d := db.New(engine, nil, db.Options{Files: files.NewFolder(t.TempDir()), FileBytes: 100})
		mail := db.IncomingMail{
			ID: store.NewID(), FromEmail: "cleo@customer.example", Text: "See the file.", Raw: []byte("raw"),
			Files: []db.MailFile{{Name: "a.txt", Content: []byte("one")}},
		}
		upload := &db.Upload{
			ID: store.DerivedID("attachment of a mail", mail.ID.String(), "0"), Size: 4, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		}
		if err := engine.Insert(t.Context(), db.Uploads.Collection, upload); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReceiveMail(t.Context(), mail, db.CreateUnknown); err == nil || !strings.Contains(err.Error(), "another size") {
			t.Errorf("the mail is received with %v", err)
		}
		if n, err := engine.Count(t.Context(), db.Tickets.Collection, store.Filter{}); err != nil || n != 0 {
			t.Errorf("there are %d tickets, %v", n, err)
		}
	})
}
