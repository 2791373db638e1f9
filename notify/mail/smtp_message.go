package mail

import (
	"cmp"
	"fmt"
	"net/textproto"
	"time"

	"github.com/jordan-wright/email"

	"crm/db/address"
)

// maxMessageID is how long the id of another program's message may be, to which a message refers.
const maxMessageID = 250

// compose returns a message in the format of RFC 5322.
func (s *SMTP) compose(m *Message, recipient address.Address) ([]byte, error) {
	composed := &email.Email{
		From: "replaced", To: []string{"replaced"}, Subject: "replaced", Text: []byte(m.Text), HTML: []byte(m.HTML),
		Headers: textproto.MIMEHeader{
			"Message-Id": {"<" + Header(m.ID, address.Limit) + ">"},
			"Date":       {m.Date.UTC().Format(time.RFC1123Z)},
			// Exchange ignores Auto-Submitted when it decides whether to answer that somebody is out of office. "All" would also keep it
			// from reporting that the message couldn't be delivered (MS-OXCMAIL, 2.1.3.2.20).
			"X-Auto-Response-Suppress": {"OOF, AutoReply"},
		},
	}
	if !m.ByPerson {
		composed.Headers["Auto-Submitted"] = []string{"auto-generated"}
	}
	for i, file := range m.Files {
		composed.Attachments = append(composed.Attachments, attachment(file, partID(m.ID, i)))
	}
	// Package email splits lists of addresses at every comma, even inside a name, and writes each field on one line.
	fields := map[string]string{
		"From":    addressField("From", Header(cmp.Or(m.FromName, s.from.Name), NameLimit), s.from.Address),
		"To":      toField(m, recipient),
		"Subject": textField("Subject", Header(m.Subject, SubjectLimit)),
	}
	if replyTo := s.replyTo(m); replyTo.Address != "" {
		composed.ReplyTo = []string{"replaced"}
		fields["Reply-To"] = addressField("Reply-To", Header(replyTo.Name, NameLimit), replyTo.Address)
	}
	if cc := ccField(m, recipient); cc != "" {
		composed.Cc = []string{"replaced"}
		fields["Cc"] = cc
	}
	if m.Thread != "" {
		thread := "<" + Header(m.Thread, address.Limit) + ">"
		composed.Headers["In-Reply-To"], composed.Headers["References"] = []string{thread}, []string{thread}
		if m.Answers != "" && len(m.Answers) <= maxMessageID && isPlain(m.Answers) {
			answered := "<" + m.Answers + ">"
			composed.Headers["In-Reply-To"], composed.Headers["References"] = []string{answered}, []string{thread + " " + answered}
		}
	}
	raw, err := composed.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cannot write message: %w", err)
	}
	return setFields(raw, fields)
}

// replyTo returns the mailbox that replies go to; it has no address if they go to the sender. An address that needs
// SMTPUTF8 is left out, since not all mail servers accept it.
func (s *SMTP) replyTo(m *Message) mailbox {
	if s.replies.Address != "" && !m.KeepReplyTo {
		return s.replies
	}
	to, err := address.Parse(m.ReplyTo)
	if err != nil || to.NeedsUTF8() {
		return mailbox{}
	}
	return mailbox{m.ReplyToName, to.Mailbox()}
}
