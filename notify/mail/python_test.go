package mail

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"crm/db/address"
	"crm/notify/mail/mailtest"
)

// pythonReader prints the texts of the messages on standard input, one line of JSON for each.
const pythonReader = `
import email, email.policy, json, sys
for raw in json.load(sys.stdin):
    m = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.SMTP)
    sender, to = m["from"].addresses[0], m["to"].addresses[0]
    defects = [str(d) for part in m.walk() for d in part.defects]
    names = ("from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references")
    defects += [str(d) for name in names for d in m[name].defects]
    m.as_bytes()
    print(json.dumps({
        "subject": m["subject"], "from": sender.display_name, "to": to.display_name, "address": to.addr_spec,
        "text": m.get_body(("plain",)).get_content(), "html": m.get_body(("html",)).get_content(), "defects": defects,
    }))
`

// TestPython reads messages with Python's package email, which is stricter than most mail programs, back to their texts.
func TestPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3, whose package email would read the messages")
	}
	server := mailtest.NewServer(t)
	mailer := newMailer(t, server, func(c *SMTPConfig) {
		c.From, c.Username = `"Büro, Österreich" <crm@bücher.example>`, mailtest.User
	})
	texts := append([]string{
		"New meeting", "Geändert: " + strings.Repeat("日本語 ", 30), strings.Repeat("word ", 29) + "end", strings.Repeat("ü", 149),
		"a", "👩‍👩‍👧 family", "می\u200cخواهم", strings.Repeat("x", 140), "a, b; <c@d.example> (e)", `"quoted" \ back\\slash`, "50 % = half?",
		"From here\n.\n..\n=20\n trailing \n\tTab\nFrom there",
	}, mailtest.Hostile...)
	recipients := []string{"carl@customer.example", "taro..yamada.@docomo.example", "user@bücher.example"}
	var sent []*Message
	for i, text := range texts {
		m := newMessage()
		m.Recipient, m.RecipientName, m.Subject = recipients[i%len(recipients)], text, text
		m.Text, m.HTML = "Text: "+Prose(text, 10_000)+"\n", "<p>"+Prose(text, 10_000)+"</p>\n"
		if err := mailer.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		sent = append(sent, m)
	}
	for i, line := range strings.Split(strings.TrimSpace(runPython(t, python, server.Inbox())), "\n") {
		var read struct {
			Subject, From, To, Address, Text, HTML string
			Defects                                []string
		}
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Fatal(err)
		}
		m := sent[i]
		to, err := address.Parse(m.Recipient)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][2]string{
			"subject": {read.Subject, Header(m.Subject, SubjectLimit)}, "to": {spaceless(read.To), spaceless(Header(m.RecipientName, NameLimit))},
			"from": {read.From, "Büro, Österreich"}, "address": {read.Address, strings.ReplaceAll(to.Mailbox(), `"`, "")},
			"text": {strings.ReplaceAll(read.Text, "\r\n", "\n"), m.Text}, "html": {strings.ReplaceAll(read.HTML, "\r\n", "\n"), m.HTML},
			"defects": {strings.Join(read.Defects, "; "), ""},
		} {
			if got[0] != got[1] {
				t.Errorf("%.30q: Python reads %s as %q, want %q", m.Subject, name, got[0], got[1])
			}
		}
	}
}

// spaceless returns a name without its spaces: Python keeps those between the encoded words of a name, which RFC 2047 forbids.
func spaceless(name string) string { return strings.ReplaceAll(name, " ", "") }

func runPython(t *testing.T, python string, received []mailtest.Received) string {
	t.Helper()
	raw := make([]string, len(received))
	for i, m := range received {
		raw[i] = string(m.Raw) // ASCII
	}
	input, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), python, "-c", pythonReader)
	command.Stdin = bytes.NewReader(input)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
