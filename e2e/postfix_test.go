//go:build linux

package e2e_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"crm/notify/mail/mailtest"
)

// withPostfix starts a server that gets all its mail from a Postfix, and sends all through it. The other mail servers have the
// customers' and the staff's mailboxes, except those at gone.example.
func withPostfix(t *testing.T) (*process, *postfix, *mailtest.Server) {
	t.Helper()
	m := newPostfix(t)
	p := serve(t, t.TempDir(), "SMTP_HOST=127.0.0.1", "SMTP_PORT="+strconv.Itoa(m.port), "SMTP_MAIL=support@crm.example", "SMTP_TLS=none",
		"INBOUND_ADDRESS=support+{token}@crm.example", "INBOUND_LMTP=127.0.0.1:0")
	mailboxes := mailtest.NewServer(t, mailtest.WithoutTLS)
	gone := mailtest.NewServer(t, mailtest.WithoutTLS, func(s *mailtest.Server) {
		s.OnRecipient = func(int, net.Conn) error {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "there is nobody with this name"}
		}
	})
	to := func(domain string, server *mailtest.Server) string {
		return fmt.Sprintf("%s=smtp:[127.0.0.1]:%d", domain, server.Port())
	}
	m.start("support@crm.example=lmtp:inet:"+p.door("INBOUND_LMTP"), to("crm.example", mailboxes), to("customer.example", mailboxes), to("gone.example", gone))
	return p, m, mailboxes
}

// TestPostfix has a conversation through a real Postfix in both directions, between a customer with a mail program that writes HTML
// and a user who answers by the API.
func TestPostfix(t *testing.T) {
	t.Parallel()
	p, m, mailboxes := withPostfix(t)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	m.send("carl@customer.example", "support@crm.example", "From: Carl <carl@customer.example>", "To: support@crm.example",
		"Message-ID: <first@customer.example>", "Subject: The printer is on fire", "", "Please help.")
	awaitMail(t, mailboxes, "carl@customer.example", 1)
	ticket := p.must(session, conversation, nil).text("tickets.nodes.0.id")
	p.must(session, `mutation($id: ID!) { addTicketNote(input: {ticketId: $id, body: "He smokes in the office."}) { message { id } } }`, variables{"id": ticket})
	p.must(session, `mutation($id: ID!) { replyToTicket(input: {ticketId: $id, body: "Pour water on it."}) { message { id } } }`, variables{"id": ticket})
	reply := awaitMail(t, mailboxes, "carl@customer.example", 2)
	if reply.Header.Get("In-Reply-To") != "<first@customer.example>" || !strings.Contains(reply.Header.Get("References"), "<first@customer.example>") {
		t.Errorf("the reply is in the thread %s, and answers %s", reply.Header.Get("References"), reply.Header.Get("In-Reply-To"))
	}

	m.send("carl@customer.example", replyAddress(t, reply), answerWithPicture(reply)...)
	const answer = `{ tickets(first: 1) { nodes { messages(last: 1) { nodes { bodyText bodyHtml author { __typename }
		attachments { nodes { fileName contentType size } } } } } } }`
	var got string
	eventually(t, "the answer is a message", func() bool {
		got = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(p.must(session, answer, nil).raw)
		return strings.Contains(got, "Customer") && !strings.Contains(got, `"bodyHtml":null`) // the mail is recorded after its message
	})
	for _, want := range []string{
		`"bodyText":"It is out. This is how it looks:`, `{"fileName":"printer.png","contentType":"image/png","size":68}`,
		`{"fileName":"invoice.txt","contentType":"text/plain","size":11}`, `<img src=\"/`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s isn't in the answer\n%s", want, got)
		}
	}
	if text, _, _ := strings.Cut(got, `"bodyHtml"`); strings.Contains(text, "Pour water") {
		t.Errorf("the message has the quotation:\n%s", text)
	}
	p.stop() // which sends what is still to be sent
	eventually(t, "Postfix has handed everything on", m.isIdle)
	for _, received := range mailboxes.Inbox() {
		if strings.Contains(string(received.Raw), "smokes") {
			t.Errorf("a note was mailed to %s", received.To)
		}
	}
}

// pixel is a picture.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="

// answerWithPicture returns an answer to a message, as mail programs write it, with a quotation, a picture in the text, and a file.
func answerWithPicture(m mailtest.Message) []string {
	return []string{
		"From: Carl <carl@customer.example>", "To: support@crm.example", "Message-ID: <second@customer.example>", "Subject: Re: " + m.Subject,
		"In-Reply-To: " + m.Header.Get("Message-Id"), "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=outer", "",
		"--outer", "Content-Type: multipart/related; boundary=inner", "",
		"--inner", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", inLines(base64.StdEncoding.EncodeToString([]byte(
			`<div>It is out. This is how it looks:</div><div><img src="cid:printer"></div><div class="gmail_quote"><div class="gmail_attr">` +
				`On Thu, 12 Mar 2026 at 10:11, CRM &lt;support@crm.example&gt; wrote:</div><blockquote>` + m.HTML + `</blockquote></div>`))),
		"--inner", "Content-Type: image/png; name=printer.png", "Content-ID: <printer>", "Content-Disposition: inline; filename=printer.png",
		"Content-Transfer-Encoding: base64", "", pixel, "--inner--",
		"--outer", "Content-Type: text/plain; name=invoice.txt", "Content-Disposition: attachment; filename=invoice.txt", "", "100 dollars", "--outer--", "",
	}
}

// inLines breaks a text into lines of the length that mail may have.
func inLines(text string) string {
	var lines []string
	for line := range slices.Chunk([]byte(text), 76) {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

// TestPostfixBounce checks that the report of a real Postfix that a message couldn't be delivered marks its delivery.
func TestPostfixBounce(t *testing.T) {
	t.Parallel()
	p, m, _ := withPostfix(t)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	m.send("greta@gone.example", "support@crm.example", "From: Greta <greta@gone.example>", "Subject: Hello", "", "Hello")
	eventually(t, "the delivery of the answer fails", func() bool {
		got := p.must(session, conversation, nil).raw
		return strings.Contains(got, `"status":"FAILED","lastError":"the message came back: `) && strings.Contains(got, "550 5.1.1 there is nobody with this name")
	})
	p.stop()
}

// TestPostfixAutoresponders sets programs as vacation(1), which answer without a return path, on both sides of a ticket.
func TestPostfixAutoresponders(t *testing.T) {
	t.Parallel()
	p, m, mailboxes := withPostfix(t)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	m.send("carl@customer.example", "support@crm.example", "From: Carl <carl@customer.example>", "Subject: Hello", "", "Hello")
	answered := map[string]int{}
	answer := func() (n int) {
		for _, who := range []string{"carl@customer.example", "asha@crm.example"} {
			inbox := inboxOf(t, mailboxes, who)
			for _, message := range inbox[answered[who]:] {
				answered[who]++
				m.send("<>", replyAddress(t, message), "From: "+who, "Subject: Away", "In-Reply-To: "+message.Header.Get("Message-Id"), "",
					fmt.Sprintf("I am away. (%d)", answered[who]))
			}
			n += answered[who]
		}
		return n
	}
	const messages = `{ tickets(first: 1) { nodes { messages { nodes { automatic } } } } }`
	eventually(t, "the answers of both sides have come", func() bool {
		n := answer()
		return answered["carl@customer.example"] > 0 && answered["asha@crm.example"] > 0 && m.isIdle() &&
			strings.Count(p.must(session, messages, nil).raw, `"automatic":true`) == n
	})
	p.stop()
	eventually(t, "Postfix has handed everything on", m.isIdle)
	if n := len(mailboxes.Inbox()); n > 5 {
		t.Errorf("%d messages were sent before the programs stopped", n)
	}
}
