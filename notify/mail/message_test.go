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
		if len(line) > 76 || bytes.ContainsAny(line, "\r\n") || !isPlain(strings.ReplaceAll(string(line), "=?", "")) {
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
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply", "MIME-Version": "1.0",
		"In-Reply-To": "<" + d.Thread + ">", "References": "<" + d.Thread + ">", "Reply-To": `"Bob" <bob@crm.example>`,
	} {
		if got := p.Header.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

// TestByPerson checks that what a person wrote isn't marked as automatic, and that Exchange still doesn't answer it.
func TestByPerson(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	d := newMessage()
	d.ByPerson = true
	if err := newMailer(t, server).Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	header := mailtest.Parse(t, server.Inbox()[0].Raw).Header
	if header.Get("Auto-Submitted") != "" || header.Get("X-Auto-Response-Suppress") != "OOF, AutoReply" {
		t.Errorf("the header is %v", header)
	}
}

// TestAddresses checks how addresses are written in the session and in the message, and that SMTPUTF8 is asked for only where
// an address needs it.
func TestAddresses(t *testing.T) {
	t.Parallel()
	modern := mailtest.NewServer(t, func(s *mailtest.Server) { s.SMTP.EnableSMTPUTF8 = true })
	old := mailtest.NewServer(t)
	for _, test := range []struct {
		recipient, mailbox string
		utf8               bool
	}{
		{"carl@customer.example", "carl@customer.example", false},
		{"taro..yamada.@docomo.example", `"taro..yamada."@docomo.example`, false},
		{"user@bücher.example", "user@xn--bcher-kva.example", false},
		{"jürgen@bücher.example", "jürgen@xn--bcher-kva.example", true},
	} {
		d := newMessage()
		d.Recipient = test.recipient
		for _, server := range []*mailtest.Server{modern, old} {
			before := len(server.Inbox())
			err := newMailer(t, server).Send(t.Context(), d)
			if server == old && test.utf8 {
				if fault(err) != "recipient" || !strings.Contains(err.Error(), "ASCII") {
					t.Errorf("%s: the error is %v", test.recipient, err)
				}
				continue
			}
			if err != nil || len(server.Inbox()) != before+1 {
				t.Fatalf("%s: %v", test.recipient, err)
			}
			received := server.Inbox()[before]
			if to := mailtest.Parse(t, received.Raw).To; to.Address != strings.ReplaceAll(test.mailbox, `"`, "") {
				t.Errorf("%s: the message is to %s", test.recipient, to.Address)
			}
			if received.UTF8 != test.utf8 {
				t.Errorf("%s: SMTPUTF8 was asked for: %t", test.recipient, received.UTF8)
			}
			contains(t, server.Transcript(), "\nRCPT TO:<"+test.mailbox+">\r\n")
		}
	}
}

// TestReplyTo checks where replies go.
func TestReplyTo(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	for i, test := range []struct{ operators, address, name, want string }{
		{"", "", "Bob", ""},
		{"", "bob@crm.example", "", "<bob@crm.example>"},
		{"", "bob@bücher.example", "Bøb, the user", "=?utf-8?q?B=C3=B8b=2C_the_user?= <bob@xn--bcher-kva.example>"},
		{"", "jürgen@crm.example", "Jürgen", ""}, // which only some mail servers accept
		{"", "nobody", "Bob", ""},
		{"support@crm.example", "bob@crm.example", "Bob", "<support@crm.example>"},
		{"Acme support <support@crm.example>", "", "", `"Acme support" <support@crm.example>`},
	} {
		d := newMessage()
		d.Thread, d.ReplyTo, d.ReplyToName = "", test.address, test.name
		mailer := newMailer(t, server, func(c *SMTPConfig) { c.ReplyTo = test.operators })
		if err := mailer.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		header := mailtest.Parse(t, server.Inbox()[i].Raw).Header
		if got := header.Get("Reply-To"); got != test.want || header["References"] != nil || header["In-Reply-To"] != nil {
			t.Errorf("Reply-To is %q, want %q, in %v", got, test.want, header)
		}
	}
}

// TestSenderName checks the name that messages come from.
func TestSenderName(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	for i, test := range []struct{ from, name, want string }{
		{"crm@example.com", "Acme", `"Acme" <crm@example.com>`},
		{"Support <crm@example.com>", "Acme", `"Support" <crm@example.com>`},
		{"crm@example.com", "", "<crm@example.com>"},
	} {
		mailer := newMailer(t, server, func(c *SMTPConfig) { c.From, c.FromName = test.from, test.name })
		if err := mailer.Send(t.Context(), newMessage()); err != nil {
			t.Fatal(err)
		}
		if got := mailtest.Parse(t, server.Inbox()[i].Raw).Header.Get("From"); got != test.want {
			t.Errorf("From is %q, want %q", got, test.want)
		}
	}
}

// TestStoredHeaders checks that no header text of a message is trusted.
func TestStoredHeaders(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	mailer := newMailer(t, server)
	for _, text := range mailtest.Hostile {
		d := newMessage()
		d.RecipientName, d.Subject, d.ID, d.Thread, d.ReplyToName = text, text, text, text, text
		if err := mailer.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		d.ReplyTo = "bob@crm.example" + text
		if err := mailer.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		d = newMessage()
		d.Recipient = "carl@customer.example" + text
		if err := mailer.Send(t.Context(), d); err == nil && strings.ContainsFunc(strings.TrimSpace(text), func(r rune) bool { return r <= ' ' || r == '@' || r > '~' }) {
			t.Errorf("%q was sent to", d.Recipient)
		}
	}
	for _, m := range server.Inbox() {
		message, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatal(err)
		}
		if len(message.Header) > 12 || message.Header.Get("Bcc") != "" {
			t.Errorf("there are extra fields in\n%s", m.Raw)
		}
	}
}
