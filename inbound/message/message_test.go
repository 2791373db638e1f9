package message_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"crm/inbound/message"
)

// TestAuthenticity checks whose results about a sender count, and what follows from them.
func TestAuthenticity(t *testing.T) {
	t.Parallel()
	const received = "Received: from a by b"
	for _, test := range []struct {
		what   string
		header []string
		want   message.Authenticity
	}{
		{"nothing is known", nil, message.Unknown},
		{"DMARC", []string{"Authentication-Results: mx.crm.example; dmarc=pass header.from=customer.example"}, message.Proved},
		{"DMARC fails", []string{"Authentication-Results: mx.crm.example; dmarc=fail header.from=customer.example; spf=pass smtp.mailfrom=customer.example"}, message.Refuted},
		{"DMARC of another domain", []string{"Authentication-Results: mx.crm.example; dmarc=pass header.from=evil.example"}, message.Unknown},
		{"an aligned signature", []string{"Authentication-Results: MX.crm.example 1; dkim=pass (2048-bit key) header.d=mail.customer.example"}, message.Proved},
		{"a signature of somebody else", []string{"Authentication-Results: mx.crm.example; dkim=pass header.d=evil.example"}, message.Unknown},
		{"a second signature", []string{"Authentication-Results: mx.crm.example; dkim=fail header.d=list.example; dkim=pass header.i=@customer.example"}, message.Proved},
		{"an aligned return path", []string{"Authentication-Results: mx.crm.example; spf=pass smtp.mailfrom=bounce@customer.example"}, message.Proved},
		{"a return path of somebody else", []string{"Authentication-Results: mx.crm.example; spf=pass smtp.mailfrom=evil.example"}, message.Unknown},
		{"SPF fails", []string{"Authentication-Results: mx.crm.example; spf=softfail smtp.mailfrom=customer.example"}, message.Refuted},
		{"only none", []string{"Authentication-Results: mx.crm.example; none"}, message.Unknown},
		{"another host", []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=customer.example"}, message.Unknown},
		{"a host whose name begins alike", []string{"Authentication-Results: mx.crm.example.evil.example; dmarc=pass header.from=customer.example"}, message.Unknown},
		{"several fields", []string{"Authentication-Results: mx.crm.example; spf=none", "Authentication-Results: mx.crm.example; dkim=pass header.d=customer.example"}, message.Proved},
		{"forged below", []string{"Authentication-Results: mx.crm.example; spf=none; dkim=none", received, "Authentication-Results: mx.crm.example; dmarc=pass header.from=customer.example"}, message.Unknown},
		{"forged in the same place", []string{"Authentication-Results: mx.crm.example; dmarc=fail header.from=customer.example", "Authentication-Results: mx.crm.example; dmarc=pass header.from=customer.example"}, message.Refuted},
		{"forged in a comment", []string{`Authentication-Results: mx.crm.example; spf=fail (helo; dmarc=pass header.from=customer.example) smtp.mailfrom="a; dmarc=pass"@customer.example`}, message.Refuted},
		{"below the host's Received", []string{received, "Authentication-Results: mx.crm.example; dmarc=pass header.from=customer.example", received}, message.Proved},
	} {
		raw := strings.Join(append(test.header, "From: Jane <jane@customer.example>", "", "Hello"), "\r\n")
		m := message.NewParser().Parse([]byte(raw))
		if got := m.Authenticity("mx.crm.example"); got != test.want {
			t.Errorf("%s: %d, want %d", test.what, got, test.want)
		}
		if got := m.Authenticity(""); got != message.Unknown {
			t.Errorf("%s: without a host, it is %d", test.what, got)
		}
	}
}

// TestLimits checks that a mail with too many parts, or too deeply nested ones, is shown as it came.
func TestLimits(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string {
		var head, foot strings.Builder
		for i := range depth {
			fmt.Fprintf(&head, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		for i := depth - 1; i >= 0; i-- {
			fmt.Fprintf(&foot, "\r\n--b%d--", i)
		}
		return "From: jane@customer.example\r\n" + head.String() + "Content-Type: text/plain\r\n\r\nHello" + foot.String()
	}
	many := func(parts int) string {
		return "From: jane@customer.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
			strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n", parts) + "--b--"
	}
	for _, test := range []struct {
		raw     string
		problem string
	}{
		{nested(20), ""}, {nested(21), "its parts are nested too deeply"}, {nested(5000), "its parts are nested too deeply"},
		{many(99), ""}, {many(101), "it has too many parts"},
	} {
		m := message.NewParser().Parse([]byte(test.raw))
		if m.Problem != test.problem || !strings.Contains(m.Text, "Hello") || m.From.Email != "jane@customer.example" {
			t.Errorf("the problem is %q, want %q; the text %.50q by %q", m.Problem, test.problem, m.Text, m.From.Email)
		}
		if test.problem != "" && !strings.Contains(m.Text, "Content-Type: multipart/mixed") {
			t.Errorf("it isn't shown as it came: %.100q", m.Text)
		}
	}
}

// TestSanitizedHTML checks that HTML of strangers neither runs nor loads anything.
func TestSanitizedHTML(t *testing.T) {
	t.Parallel()
	m := message.NewParser().Parse(readMail(t, "html-with-image-link-and-list"))
	for _, want := range []string{`data-cid="photo1"`, `data-remote-src="https://tracker.example/pixel.gif"`, `alt="photo"`, "<li>it smells</li>", "noreferrer"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("%s isn't in %s", want, m.HTML)
		}
	}
	for _, page := range []string{
		m.HTML,
		`<img src=x onerror=alert(1)><svg onload=alert(1)><iframe src="https://evil.example"></iframe><form action="https://evil.example"><input></form>`,
		`<a href="javascript:alert(1)">x</a><style>@import url(https://evil.example)</style><link rel=stylesheet href="https://evil.example">`,
		`<div style="background:url(https://evil.example/x)">x</div><table background="https://evil.example/x"><td background="https://evil.example/y">`,
		`<img data-remote-src="javascript:alert(1)" src="data:image/svg+xml,<svg onload=alert(1)>"><video src="https://evil.example" poster="https://evil.example">`,
		`<base href="https://evil.example"><meta http-equiv=refresh content="0;url=https://evil.example"><object data=x></object><math><mi xlink:href="javascript:alert(1)">`,
		`<img src="cid:x" srcset="https://evil.example 2x"><a href="https://ok.example" ping="https://evil.example" onclick="x()">ok</a>`,
	} {
		clean := message.NewParser().Parse([]byte("From: e@evil.example\r\nContent-Type: text/html\r\n\r\n" + page)).HTML
		for _, bad := range []string{"<script", "onerror", "onload", "onclick", "javascript:", "<iframe", "<form", "<style", "<link", "<svg", "<object", "<base", "<meta", " src=", "srcset", "url(", "background", "poster", "ping"} {
			if strings.Contains(strings.ToLower(clean), bad) {
				t.Errorf("%s has %s", clean, bad)
			}
		}
	}
}

// FuzzParse checks that no mail makes the parser panic, that all text is text, and that what an author wrote is in the whole text.
func FuzzParse(f *testing.F) {
	mails, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range mails {
		f.Add(readMail(f, strings.TrimSuffix(filepath.Base(path), ".eml")))
	}
	f.Add([]byte{})
	f.Add([]byte("\n\n"))
	parser := message.NewParser()
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parser.Parse(raw)
		m.Authenticity("mx.google.example")
		for _, text := range []string{m.Text, m.FullText, m.HTML, m.Subject, m.From.Name, m.From.Email, m.ID} {
			if !utf8.ValidString(text) {
				t.Errorf("%q isn't text", text)
			}
		}
		if !strings.Contains(m.FullText, m.Text) {
			t.Errorf("%q isn't in %q", m.Text, m.FullText)
		}
		for _, a := range m.Attachments {
			if a.Name == "" || !utf8.ValidString(a.Name) {
				t.Errorf("an attachment is called %q", a.Name)
			}
		}
	})
}

// TestPartsWithoutType checks what becomes of parts that don't say what they are, and how they are named.
func TestPartsWithoutType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header, text, file, id string
	}{
		"nothing":       {"", "Hello\n\nthe part", "", ""},
		"an encoding":   {"Content-Transfer-Encoding: base64\r\n", "Hello\n\nthe part", "", ""},
		"a file":        {"Content-Disposition: attachment; filename=list.txt\r\n", "Hello", "list.txt", ""},
		"upper case":    {"CONTENT-DISPOSITION: ATTACHMENT; FILENAME=list.txt\r\n", "Hello", "list.txt", ""},
		"spaces":        {"Content-Disposition: attachment; filename=my list.txt\r\n", "Hello", "my list.txt", ""},
		"no name":       {"Content-Disposition: attachment\r\n", "Hello", "file", ""},
		"encoded":       {"Content-Disposition: attachment; filename*=utf-8''l%C3%AFst.txt\r\n", "Hello", "lïst.txt", ""},
		"encoded word":  {"Content-Disposition: attachment; filename=\"=?utf-8?q?l=C3=AFst.txt?=\"\r\n", "Hello", "lïst.txt", ""},
		"shown, a file": {"Content-Disposition: inline; filename=list.txt\r\nContent-ID: <a@b>\r\n", "Hello", "list.txt", "a@b"},
		"no file":       {"Content-Disposition: inline\r\n", "Hello\n\nthe part", "", ""},
		"nonsense":      {"Content-Disposition: ;;=\r\n", "Hello\n\nthe part", "", ""},
	} {
		content := "the part"
		if strings.Contains(test.header, "base64") {
			content = "dGhlIHBhcnQ="
		}
		m := message.NewParser().Parse([]byte("From: jane@customer.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
			"--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x\r\n" + test.header + "\r\n" + content + "\r\n--x--\r\n"))
		var file, id string
		for _, a := range m.Attachments {
			file, id = a.Name, a.ContentID
		}
		if m.Text != test.text || file != test.file || id != test.id {
			t.Errorf("%s: %q with the file %q (%q), want %q with %q (%q)", name, m.Text, file, id, test.text, test.file, test.id)
		}
	}
}
