package mail

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"crm/notify/mail/mailtest"
)

// TestMessage parses a message that went through a real server.
func TestMessage(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	d := newMessage()
	d.RecipientName = "Jürgen Groß, Geschäftsführer der Österreichischen Gesellschaft für Überlänge und Ähnliches"
	d.Subject = "Geändert: " + strings.Repeat("日本語のとても長い題名 ", 20)
	d.Text = "Grüße\n.\n..dots\n" + strings.Repeat("lang ", 500) + "=20\n"
	d.HTML = "<p>Grüße 👋</p>\n"
	if err := newMailer(t, server).Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	raw := server.Inbox()[0].Raw
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 100 || bytes.ContainsAny(line, "\r\n") || !isASCII(string(line)) {
			t.Errorf("the line %q is too long or malformed", line)
		}
	}
	p := mailtest.Parse(t, raw)
	want := Header(d.Subject, SubjectLimit)
	if p.Subject != want || len([]rune(p.Subject)) != SubjectLimit || p.Text != d.Text || p.HTML != d.HTML {
		t.Errorf("subject %q, text %q, HTML %q", p.Subject, p.Text, p.HTML)
	}
	if p.To.Name != d.RecipientName || p.To.Address != d.Recipient || p.From.String() != `"CRM" <crm@example.com>` {
		t.Errorf("to %s, from %s", p.To, p.From)
	}
	for field, want := range map[string]string{
		"Message-ID": "<" + d.ID + ">", "Date": "Tue, 27 Aug 2024 20:03:00 +0000",
		"Auto-Submitted": "auto-generated", "MIME-Version": "1.0",
	} {
		if got := p.Header.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

// TestUnicodeAddress checks that a non-ASCII address needs a server with SMTPUTF8.
func TestUnicodeAddress(t *testing.T) {
	t.Parallel()
	d := newMessage()
	d.Recipient = "jürgen@müller.example"
	modern := mailtest.NewServer(t, func(s *mailtest.Server) { s.SMTP.EnableSMTPUTF8 = true })
	if err := newMailer(t, modern).Send(t.Context(), d); err != nil {
		t.Error(err)
	}
	mails := modern.Inbox()
	if len(mails) != 1 || mails[0].To != d.Recipient || mailtest.Parse(t, mails[0].Raw).To.Address != d.Recipient {
		t.Errorf("received %v", mails)
	}
	old := mailtest.NewServer(t)
	err := newMailer(t, old).Send(t.Context(), d)
	if err == nil || len(old.Inbox()) > 0 {
		t.Fatalf("the error is %v", err)
	}
	contains(t, err.Error(), "ASCII")
}

// TestStoredHeaders checks that no header text of a message is trusted.
func TestStoredHeaders(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	mailer := newMailer(t, server)
	for _, text := range mailtest.Hostile {
		d := newMessage()
		d.RecipientName, d.Subject, d.ID = text, text, text
		if err := mailer.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		d = newMessage()
		d.Recipient = "carl@customer.example" + text
		if err := mailer.Send(t.Context(), d); err == nil && d.Recipient == strings.TrimSpace(d.Recipient) {
			t.Errorf("%q was sent to", d.Recipient)
		}
	}
	for _, m := range server.Inbox() {
		message, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatal(err)
		}
		if len(message.Header) > 8 || message.Header.Get("Bcc") != "" {
			t.Errorf("there are extra fields in\n%s", m.Raw)
		}
	}
}
