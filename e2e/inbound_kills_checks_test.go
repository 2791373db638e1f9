package e2e_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"crm/inbound/mailbox/mailboxtest"
)

// mailsOfConversation is how many mails each customer sends: the first raises a ticket, the others answer it. More would count as
// those of a program.
const mailsOfConversation = 3

// numberedMail returns the i-th mail.
func numberedMail(i int) string {
	conversation, place := i/mailsOfConversation, i%mailsOfConversation
	header := fmt.Sprintf("From: Customer <customer%[1]d@example.com>\nMessage-ID: <%[1]d.%[2]d@example.com>\nSubject: Request %[1]d\n", conversation, place)
	if place > 0 {
		header += fmt.Sprintf("In-Reply-To: <%d.0@example.com>\n", conversation)
	}
	return strings.ReplaceAll(header+fmt.Sprintf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nMail %[1]d\n"+
		"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=%[1]d.txt\n\nFile %[1]d\n--b--\n", i), "\n", "\r\n")
}

// send sends the mails of the conversations of a door, in order, each until it is accepted.
func (o *receiverRun) send(number int, door string) {
	for i := range o.mails {
		if i/mailsOfConversation%len(o.doors) != number {
			continue
		}
		if door == "imap" {
			o.imapServer.Deliver(numberedMail(i))
		}
		for !o.isSent(door, i) && o.t.Context().Err() == nil {
			<-time.After(10 * time.Millisecond) // as a mail server does, which tries again
		}
	}
}

// isSent reports whether the i-th mail is accepted or, in a mailbox, few mails are unread.
func (o *receiverRun) isSent(door string, i int) bool {
	p := o.running.Load()
	switch {
	case door == "imap":
		const few = 5
		_, unseen := o.imapServer.Count(mailboxtest.Inbox)
		return unseen < few
	case p == nil:
		return false
	case door == "http" && !postMail(o.t, p.url, numberedMail(i)), door != "http" && p.handOver(strings.ToUpper(door), numberedMail(i)) != nil:
		return false
	}
	o.accepted.Add(1)
	return true
}

// handOver hands a mail to the server as a mail server does, by SMTP or LMTP.
func (p *process) handOver(protocol, raw string) error {
	conn, err := net.Dial("tcp", p.door("INBOUND_"+protocol))
	if err != nil {
		return err // the server is down
	}
	newClient := smtp.NewClient
	if protocol == "LMTP" {
		newClient = smtp.NewClientLMTP
	}
	client := newClient(conn)
	defer func() { _ = client.Close() }()
	return client.SendMail("bounces@example.com", []string{"support@crm.example"}, strings.NewReader(raw))
}

// receivedMail is what the API shows of a mail.
type receivedMail struct {
	Description, BodyText string
	Attachments           struct{ Nodes []struct{ FileName string } }
}

func (m receivedMail) String() string {
	var files []string
	for _, file := range m.Attachments.Nodes {
		files = append(files, file.FileName)
	}
	slices.Sort(files)
	return m.Description + m.BodyText + " with " + strings.Join(files, " ")
}

// check checks that each mail has become one ticket or message, on the right ticket, with its file and as it came.
func (o *receiverRun) check(p *process, session string) {
	o.t.Helper()
	var want []string
	for i := range o.mails {
		if i%mailsOfConversation == 0 {
			want = append(want, fmt.Sprintf("Request %d:", i/mailsOfConversation))
		}
		want[len(want)-1] += fmt.Sprintf(" Mail %[1]d with %[1]d.txt mail.eml;", i)
	}
	got := o.conversations(p, session)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		o.t.Errorf("the conversations are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	customers := p.must(session, `{ customers { totalCount } }`, nil)
	if customers.at("customers.totalCount") != float64(len(want)) {
		o.t.Errorf("there are %s, want %d", customers.raw, len(want))
	}
	all, unseen := o.imapServer.Count(mailboxtest.Inbox)
	if unseen > 0 || o.moves && all > 0 {
		o.t.Errorf("of %d mails in the mailbox, %d are unread", all, unseen)
	}
}

// conversations returns what is written on each ticket.
func (o *receiverRun) conversations(p *process, session string) (all []string) {
	o.t.Helper()
	for vars := (variables{}); ; {
		a := p.must(session, `query($after: String) { tickets(first: 50, after: $after) { pageInfo { hasNextPage endCursor } nodes {
			title description attachments(first: 5, where: {messageId: {isNull: true}}) { nodes { fileName } }
			messages(first: 10) { nodes { bodyText attachments(first: 5) { nodes { fileName } } } } } } }`, vars)
		raw, err := json.Marshal(a.Data)
		if err != nil {
			o.t.Fatal(err)
		}
		var page struct {
			Tickets struct {
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
				Nodes []struct {
					Title string
					receivedMail
					Messages struct{ Nodes []receivedMail }
				}
			}
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			o.t.Fatal(err)
		}
		for _, ticket := range page.Tickets.Nodes {
			text := fmt.Sprintf("%s: %s;", ticket.Title, ticket.receivedMail)
			for _, message := range ticket.Messages.Nodes {
				text += fmt.Sprintf(" %s;", message)
			}
			all = append(all, text)
		}
		if !page.Tickets.PageInfo.HasNextPage {
			return all
		}
		vars["after"] = page.Tickets.PageInfo.EndCursor
	}
}
