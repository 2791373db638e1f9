package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/files"
)

// mailFrom returns a mail from an address with an id that ascends with its number.
func mailFrom(email string, number int, change func(*db.IncomingMail)) db.IncomingMail {
	id, err := store.ParseID(fmt.Sprintf("%024x", number))
	if err != nil {
		panic(err)
	}
	in := db.IncomingMail{
		ID: id, MessageID: fmt.Sprintf("%d@customer.example", number), FromEmail: email, Subject: "Smoke", Text: "It smokes.", HTML: "<p>It smokes.</p>",
	}
	change(&in)
	return in
}

func asItIs(*db.IncomingMail) {}

// TestSweepMail checks that of mail that nothing followed from, the text isn't kept, and the rest for 90 days.
func TestSweepMail(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d := db.New(engine, nil, db.Options{})
		for i, mail := range []struct {
			unknown db.UnknownSenders
			outcome db.MailOutcome
			html    string
			age     time.Duration
			kept    bool
		}{
			{db.CreateUnknown, db.MailRaised, "<p>It smokes.</p>", 91 * day, true},
			{db.IgnoreUnknown, db.MailIgnored, "", 89 * day, true},
			{db.IgnoreUnknown, db.MailIgnored, "", 91 * day, false},
			{db.RejectUnknown, db.MailRejected, "", 91 * day, false},
		} {
			received, err := d.ReceiveMail(t.Context(), mailFrom(fmt.Sprintf("sam%d@stranger.example", i), i+1, asItIs), mail.unknown)
			if err != nil || received.Outcome != mail.outcome || received.HTML != mail.html {
				t.Fatalf("the mail is %+v, error %v", received, err)
			}
			set := []store.Assignment{{Field: "created_at", Value: time.Now().Add(-mail.age).UTC().Truncate(time.Millisecond)}}
			if err := engine.Update(t.Context(), db.ReceivedMails.Collection, received.ID, store.Filter{}, set); err != nil {
				t.Fatal(err)
			}
			if err := d.NewSweeper().Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, found, err := d.Received(t.Context(), received.ID); found != mail.kept || err != nil {
				t.Errorf("a mail that is %s and %s old is kept: %t, error %v", mail.outcome, mail.age, found, err)
			}
		}
	})
}

// TestSharedMessageID checks that a message id that mails on several tickets have says nothing, however many of them are on one.
func TestSharedMessageID(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		d := db.New(engine, nil, db.Options{})
		receive := func(number int, id string, answers ...string) *db.ReceivedMail {
			t.Helper()
			in := mailFrom(fmt.Sprintf("sam%d@stranger.example", number), number, func(in *db.IncomingMail) { in.MessageID, in.Answers = id, answers })
			received, err := d.ReceiveMail(t.Context(), in, db.CreateUnknown)
			if err != nil {
				t.Fatal(err)
			}
			return received
		}
		first := receive(1, "first@a.example")
		receive(2, "shared@a.example", "first@a.example")
		receive(3, "shared@a.example", "first@a.example")
		if answer := receive(4, "a@a.example", "shared@a.example"); answer.Outcome != db.MailWritten || *answer.TicketID != *first.TicketID {
			t.Errorf("an answer to mail on one ticket is %s", answer.Outcome)
		}
		receive(5, "shared@a.example")
		if answer := receive(6, "b@a.example", "shared@a.example"); answer.Outcome != db.MailRaised {
			t.Errorf("an answer to mail on two tickets is %s", answer.Outcome)
		}
	})
}

// fullStore is a store of files that can't store any; harmful is a scanner that finds a threat in some.
type (
	fullStore struct{ files.Store }
	harmful   struct{}
)

func (fullStore) Put(context.Context, string, int64, io.Reader) error {
	return errors.New("no space left on device")
}

func (harmful) Scan(_ context.Context, content io.Reader) (string, error) {
	if raw, err := io.ReadAll(content); err != nil || strings.Contains(string(raw), "virus") {
		return "a virus", err
	}
	return "", nil
}

// TestRefusedFiles checks that a ticket says which files of its mail aren't kept and why, and that mail waits while none can be stored.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		folder := files.NewFolder(t.TempDir())
		in := mailFrom("sam@stranger.example", 1, func(in *db.IncomingMail) {
			in.Raw = []byte("raw")
			for name, content := range map[string]string{"fine.txt": "fine", "bad.exe": "a virus", "large.pdf": strings.Repeat("x", 200)} {
				in.Files = append(in.Files, db.MailFile{Name: name, ContentType: "application/octet-stream", Content: []byte(content)})
			}
		})
		_, err := db.New(engine, nil, db.Options{Files: fullStore{folder}, FileBytes: 100}).ReceiveMail(t.Context(), in, db.CreateUnknown)
		if store.CodeOf(err) != store.Unavailable {
			t.Errorf("while no file can be stored, the error is %v", err)
		}
		d := db.New(engine, nil, db.Options{Files: folder, Scanner: harmful{}, FileBytes: 100})
		received, err := d.ReceiveMail(t.Context(), in, db.CreateUnknown)
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := d.Tickets.Get(t.Context(), auth.SystemScope(), *received.TicketID)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Attached to the mail, but not kept: ", "bad.exe (7 bytes, a threat was found in it)", "large.pdf (200 bytes, too large)"} {
			if !strings.Contains(ticket.Description, want) || strings.Contains(ticket.Description, "fine.txt") {
				t.Errorf("the ticket says %q", ticket.Description)
			}
		}
	})
}
