package e2e_test

import (
	"fmt"
	"net/http"
	"net/smtp"
	"regexp"
	"strings"
	"testing"

	"crm/notify/mail/mailtest"
)

const (
	inboundSecret = "a secret of the mail service's"
	receivingHost = "mx.crm.example"
)

// inboundSettings are the settings of a server that sends mail through smtpServer, and receives it by SMTP and HTTP.
func inboundSettings(smtpServer *mailtest.Server) []string {
	return append(
		sendingTo(smtpServer, "support@crm.example"), "INBOUND_ADDRESS=support+{token}@crm.example",
		"INBOUND_AUTHSERV_ID="+receivingHost, "INBOUND_SMTP=127.0.0.1:0", "INBOUND_SECRET="+inboundSecret,
	)
}

// door returns the address where the server receives mail by SMTP or LMTP, which the log says.
func (p *process) door(variable string) string {
	p.t.Helper()
	found := regexp.MustCompile(`"by":"` + variable + `","address":"([^"]+)"`).FindStringSubmatch(read(p.t, p.logs))
	if found == nil {
		p.t.Fatalf("the server receives no mail for %s", variable)
	}
	return found[1]
}

// mailTo hands a mail to the server as a mail server does.
func (p *process) mailTo(to string, lines ...string) {
	p.t.Helper()
	if err := smtp.SendMail(p.door("INBOUND_SMTP"), nil, "bounces@example.com", []string{to}, []byte(strings.Join(lines, "\r\n"))); err != nil {
		p.t.Fatal(err)
	}
}

// inboxOf returns the messages to an address, the oldest first.
func inboxOf(t *testing.T, server *mailtest.Server, address string) []mailtest.Message {
	t.Helper()
	var found []mailtest.Message
	for _, m := range server.Inbox() {
		if m.To == address {
			found = append(found, mailtest.Parse(t, m.Raw))
		}
	}
	return found
}

// awaitMail waits for the n-th message to an address.
func awaitMail(t *testing.T, server *mailtest.Server, address string, n int) mailtest.Message {
	t.Helper()
	eventually(t, fmt.Sprintf("%s gets %d messages", address, n), func() bool { return len(inboxOf(t, server, address)) >= n })
	return inboxOf(t, server, address)[n-1]
}

// replyAddress returns where an answer to a message goes.
func replyAddress(t *testing.T, m mailtest.Message) string {
	t.Helper()
	list, err := m.Header.AddressList("Reply-To")
	if err != nil || len(list) != 1 || !strings.HasPrefix(list[0].Address, "support+") {
		t.Fatalf("Reply-To is %q: %v", m.Header.Get("Reply-To"), err)
	}
	return list[0].Address
}

// quoted returns a text as mail programs quote it.
func quoted(text string) string {
	return "> " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n> ")
}

const conversation = `{ tickets(first: 1) { nodes { id title channel status description messages { nodes { bodyText channel visibility
	senderVerified author { __typename ... on User { name } ... on Customer { name } } } } deliveries { nodes { id status lastError } } } } }`

// TestMailConversation has a conversation between a customer, who has nothing but a mail program, and a user, who answers by the
// API and by mail.
func TestMailConversation(t *testing.T) {
	t.Parallel()
	smtpServer := mailtest.NewServer(t, mailtest.WithoutTLS)
	p := serve(t, t.TempDir(), inboundSettings(smtpServer)...)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")

	p.mailTo("support@crm.example", "From: Carl <carl@customer.example>", "Message-ID: <first@customer.example>", "Subject: The printer is on fire", "",
		"Please help, the printer is on fire.")
	received := awaitMail(t, smtpServer, "carl@customer.example", 1)
	if !strings.Contains(received.Subject, "#1") || received.Header.Get("In-Reply-To") != "<first@customer.example>" {
		t.Errorf("the answer is %q, to %s", received.Subject, received.Header.Get("In-Reply-To"))
	}
	awaitMail(t, smtpServer, "asha@crm.example", 1)
	ticket := p.must(session, conversation, nil).text("tickets.nodes.0.id")

	p.must(session, `mutation($id: ID!) { addTicketNote(input: {ticketId: $id, body: "He smokes in the office."}) { message { id } } }`, variables{"id": ticket})
	p.must(session, `mutation($id: ID!) { replyToTicket(input: {ticketId: $id, body: "Pour water on it."}) { message { id } } }`, variables{"id": ticket})
	reply := awaitMail(t, smtpServer, "carl@customer.example", 2)
	if references := reply.Header.Get("References"); !strings.HasSuffix(references, " <first@customer.example>") || reply.Header.Get("In-Reply-To") != "<first@customer.example>" ||
		reply.Subject != "[#1] The printer is on fire" || !strings.Contains(reply.Text, "Pour water on it.") {
		t.Errorf("the reply is %q in the thread %s:\n%s", reply.Subject, references, reply.Text)
	}

	p.mailTo(replyAddress(t, reply), "From: Carl <carl@customer.example>", "Message-ID: <second@customer.example>", "Subject: Re: "+reply.Subject,
		"In-Reply-To: "+reply.Header.Get("Message-Id"), "", "It is out, thank you.", "", "Now it smells.", "",
		"On Thu, 12 Mar 2026 at 10:11, CRM <support@crm.example> wrote:", "", quoted(reply.Text), "")
	told := awaitMail(t, smtpServer, "asha@crm.example", 2)
	p.mailTo(replyAddress(t, told), "Authentication-Results: "+receivingHost+"; dmarc=pass header.from=crm.example", "From: Asha <asha@crm.example>",
		"Message-ID: <third@crm.example>", "Subject: Re: "+told.Subject, "", "Open a window.", "", "On Thu, 12 Mar 2026 at 11:00, CRM wrote:", quoted(told.Text))
	last := awaitMail(t, smtpServer, "carl@customer.example", 3)
	if !strings.Contains(last.Text, "Open a window.") || last.Header.Get("In-Reply-To") != "<second@customer.example>" {
		t.Errorf("the last message answers %s:\n%s", last.Header.Get("In-Reply-To"), last.Text)
	}
	const want = `"messages":{"nodes":[` +
		`{"bodyText":"He smokes in the office.","channel":"API","visibility":"INTERNAL","senderVerified":null,"author":{"__typename":"User","name":"Asha"}},` +
		`{"bodyText":"Pour water on it.","channel":"API","visibility":"PUBLIC","senderVerified":null,"author":{"__typename":"User","name":"Asha"}},` +
		`{"bodyText":"It is out, thank you.\n\nNow it smells.","channel":"EMAIL","visibility":"PUBLIC","senderVerified":null,"author":{"__typename":"Customer","name":"Carl"}},` +
		`{"bodyText":"Open a window.","channel":"EMAIL","visibility":"PUBLIC","senderVerified":true,"author":{"__typename":"User","name":"Asha"}}]}`
	if got := p.must(session, conversation, nil); !strings.Contains(got.raw, want) || !strings.Contains(got.raw, `"channel":"EMAIL","status":"OPEN"`) {
		t.Errorf("the conversation is %s\nwant %s", got.raw, want)
	}
	p.mailTo("support@crm.example", bounceOf(last.Header.Get("Message-Id"), "carl@customer.example")...)
	eventually(t, "the delivery fails", func() bool {
		return strings.Contains(p.must(session, conversation, nil).raw, `"status":"FAILED","lastError":"the message came back: 550 5.1.1 no such user"`)
	})
	p.stop()
	for _, m := range smtpServer.Inbox() {
		if strings.Contains(string(m.Raw), "smokes") {
			t.Errorf("a note was mailed to %s", m.To)
		}
	}
	if strings.Contains(read(t, p.logs), inboundSecret) {
		t.Error("the log contains the secret")
	}
}

// bounceOf returns the report of a mail server that couldn't deliver a message.
func bounceOf(id, recipient string) []string {
	return []string{
		"From: MAILER-DAEMON@mx.customer.example", "Subject: Undeliverable", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
		"--b", "Content-Type: text/plain", "", "There is no such user.", "--b", "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; mx.customer.example", "", "Final-Recipient: rfc822; " + recipient, "Action: failed", "Status: 5.1.1",
		"Diagnostic-Code: smtp; 550 5.1.1 no such user", "", "--b", "Content-Type: text/rfc822-headers", "", "Message-ID: " + id, "", "--b--",
	}
}

// TestAutoresponders sets a program that answers every message on each side of a ticket, and counts the messages until they stop:
// at once if they say that they are programs, and soon if they don't.
func TestAutoresponders(t *testing.T) {
	t.Parallel()
	for _, honest := range []bool{true, false} {
		smtpServer := mailtest.NewServer(t, mailtest.WithoutTLS)
		p := serve(t, t.TempDir(), inboundSettings(smtpServer)...)
		session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
		p.mailTo("support@crm.example", "From: Carl <carl@customer.example>", "Subject: Hello", "", "Hello")
		answered := map[string]int{}
		answer := func() {
			for _, who := range []string{"carl@customer.example", "asha@crm.example"} {
				inbox := inboxOf(t, smtpServer, who)
				for _, m := range inbox[answered[who]:] {
					answered[who]++
					header := []string{
						"Authentication-Results: " + receivingHost + "; dmarc=pass header.from=" + strings.SplitN(who, "@", 2)[1], "From: " + who,
						fmt.Sprintf("Message-ID: <%d.%s>", answered[who], who), "In-Reply-To: " + m.Header.Get("Message-Id"), "Subject: Thank you for your mail",
					}
					if honest {
						header = append(header, "Auto-Submitted: auto-replied")
					}
					p.mailTo(replyAddress(t, m), append(header, "", fmt.Sprintf("I am away. (%d)", answered[who]))...)
				}
			}
		}
		// Each side's last mail is marked as automatic, and nothing follows from it.
		const automatic = `{ tickets(first: 1) { nodes { messages { nodes { automatic author { __typename } } } } } }`
		eventually(t, "the programs stop", func() bool {
			answer()
			return strings.Contains(p.must(session, automatic, nil).raw, `{"automatic":true`) && answered["asha@crm.example"] > 0
		})
		p.stop() // which sends what is still to be sent
		most := 2
		if !honest {
			most = 5
		}
		for _, who := range []string{"carl@customer.example", "asha@crm.example"} {
			if n := len(inboxOf(t, smtpServer, who)); n > most {
				t.Errorf("%s gets %d messages from a program, want at most %d (honest: %t)", who, n, most, honest)
			}
		}
	}
}

// postMail posts a mail, and reports whether the server has received it.
func postMail(t *testing.T, url, raw string) bool {
	request, err := http.NewRequest(http.MethodPost, url+"/inbound", strings.NewReader(raw))
	if err != nil {
		t.Error(err)
		return true
	}
	request.SetBasicAuth("service", inboundSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false // the server is down
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
