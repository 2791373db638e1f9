package notify

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// parsed is a message as a mail program shows it.
type parsed struct {
	header     mail.Header
	subject    string
	to, from   *mail.Address
	text, html string
}

func parse(t *testing.T, raw []byte) parsed {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	p := parsed{header: message.Header}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	p.to, p.from = onlyAddress(t, message.Header, "To"), onlyAddress(t, message.Header, "From")
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type %s, error %v", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for _, part := range []struct {
		kind string
		into *string
	}{{"text/plain; charset=UTF-8", &p.text}, {"text/html; charset=UTF-8", &p.html}} {
		next, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := next.Header.Get("Content-Type"); got != part.kind {
			t.Errorf("the part is %s, not %s", got, part.kind)
		}
		body, err := io.ReadAll(next)
		if err != nil {
			t.Fatal(err)
		}
		*part.into = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("after the parts: %v", err)
	}
	return p
}

func onlyAddress(t *testing.T, header mail.Header, field string) *mail.Address {
	t.Helper()
	list, err := header.AddressList(field)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s is %q: %v", field, header.Get(field), err)
	}
	return list[0]
}

// TestMessage reads a message that went through a real server.
func TestMessage(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	d := newDelivery()
	d.RecipientName = "Jürgen Groß, Geschäftsführer der Österreichischen Gesellschaft für Überlänge und Ähnliches"
	d.Subject = "Geändert: " + strings.Repeat("日本語のとても長い題名 ", 20)
	d.Text = "Grüße\n.\n..dots\n" + strings.Repeat("lang ", 500) + "=20\n"
	d.HTML = "<p>Grüße 👋</p>\n"
	if err := server.mailer(t).Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	raw := server.inbox()[0].raw
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 100 || bytes.ContainsAny(line, "\r\n") || !isASCII(string(line)) {
			t.Errorf("the line %q is too long, or no line", line)
		}
	}
	p := parse(t, raw)
	want := header(d.Subject, subjectLimit)
	if p.subject != want || len([]rune(p.subject)) != subjectLimit || p.text != d.Text || p.html != d.HTML {
		t.Errorf("subject %q, text %q, HTML %q", p.subject, p.text, p.html)
	}
	if p.to.Name != d.RecipientName || p.to.Address != d.Recipient || p.from.String() != `"CRM" <crm@example.com>` {
		t.Errorf("to %s, from %s", p.to, p.from)
	}
	for field, want := range map[string]string{
		"Message-ID": "<" + d.MessageID + ">", "Date": "Tue, 27 Aug 2024 20:03:00 +0000",
		"Auto-Submitted": "auto-generated", "MIME-Version": "1.0",
	} {
		if got := p.header.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

// TestUnicodeAddress: an address outside ASCII needs a server that knows such.
func TestUnicodeAddress(t *testing.T) {
	t.Parallel()
	d := newDelivery()
	d.Recipient = "jürgen@müller.example"
	modern := newMailServer(t, func(s *mailServer) { s.server.EnableSMTPUTF8 = true })
	if err := modern.mailer(t).Send(t.Context(), d); err != nil {
		t.Error(err)
	}
	mails := modern.inbox()
	if len(mails) != 1 || mails[0].to != d.Recipient || parse(t, mails[0].raw).to.Address != d.Recipient {
		t.Errorf("received %v", mails)
	}
	old := newMailServer(t)
	err := old.mailer(t).Send(t.Context(), d)
	if err == nil || len(old.inbox()) > 0 {
		t.Fatalf("the error is %v", err)
	}
	contains(t, err.Error(), "ASCII")
}
