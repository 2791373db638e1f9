package mail

import (
	"fmt"
	"net/textproto"
	"time"

	"github.com/jordan-wright/email"

	"crm/db/address"
)

// compose returns a message in the format of RFC 5322.
func (s *SMTP) compose(m *Message, recipient address.Address) ([]byte, error) {
	composed := &email.Email{
		From: "replaced", To: []string{"replaced"}, Subject: "replaced", Text: []byte(m.Text), HTML: []byte(m.HTML),
		Headers: textproto.MIMEHeader{
			"Message-Id":     {"<" + Header(m.ID, address.Limit) + ">"},
			"Date":           {m.Date.UTC().Format(time.RFC1123Z)},
			"Auto-Submitted": {"auto-generated"},
		},
	}
	raw, err := composed.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cannot write message: %w", err)
	}
	// Package email splits lists of addresses at every comma, even inside a name, and writes each field on one line.
	return setFields(raw, map[string]string{
		"From":    addressField("From", Header(s.from.Name, NameLimit), s.from.Address),
		"To":      addressField("To", Header(m.RecipientName, NameLimit), recipient.Mailbox()),
		"Subject": textField("Subject", Header(m.Subject, SubjectLimit)),
	})
}
