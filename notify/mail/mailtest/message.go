package mailtest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// Message is a message as a mail program shows it.
type Message struct {
	Header     mail.Header
	Subject    string
	To, From   *mail.Address
	Text, HTML string
}

// Parse parses a message with a text part and an HTML part.
func Parse(t *testing.T, raw []byte) Message {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	p := Message{Header: message.Header}
	if p.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	p.To, p.From = onlyAddress(t, message.Header, "To"), onlyAddress(t, message.Header, "From")
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type %s, error %v", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for _, part := range []struct {
		kind string
		into *string
	}{{"text/plain; charset=UTF-8", &p.Text}, {"text/html; charset=UTF-8", &p.HTML}} {
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

// Hostile are texts that try to inject headers, parts or addresses.
var Hostile = []string{
	"x\r\nBcc: eve@example.com\r\n", "x\nBcc: eve@example.com\n\nHello", "x\rBcc: eve@example.com",
	"\r\n\r\n.\r\nQUIT\r\n",
	"x\u2028Bcc: eve@example.com", "x\u2029Bcc: eve@example.com", "x\u0085Bcc: eve@example.com",
	"x\vBcc:\fy", "\x00x\x1b[2J\x7f",
	"=?utf-8?q?x=0D=0ABcc:_eve@example.com?=", "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5jb20=?=",
	"a, eve@example.com, b", `"a" <eve@example.com>`, "a <eve@example.com>, b", "a> <eve@example.com", `back\slash"quote`,
	"ünï, cödé; <eve@example.com>", "(comment) a: b;", "x\u202eBcc\u2066", "\xff\xfe\r\nBcc: x",
	strings.Repeat("long ü", 500),
	"--boundary\r\nContent-Type: text/html\r\n\r\n<b>x</b>", " leading", "trailing ", "\t",
}
