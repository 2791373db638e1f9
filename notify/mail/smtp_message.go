package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/textproto"
	"time"

	"github.com/jordan-wright/email"
)

// compose returns a message in the format of RFC 5322.
func (s *SMTP) compose(m *Message) ([]byte, error) {
	if err := CheckAddress(m.Recipient); err != nil {
		return nil, err
	}
	to := mail.Address{Name: Header(m.RecipientName, NameLimit), Address: m.Recipient}
	from := mail.Address{Name: Header(s.from.Name, NameLimit), Address: s.from.Address}
	composed := &email.Email{
		From: listItem(from), To: []string{listItem(to)}, Subject: Header(m.Subject, SubjectLimit),
		Text: []byte(m.Text), HTML: []byte(m.HTML),
		Headers: textproto.MIMEHeader{
			"Message-Id":     {"<" + Header(m.ID, AddressLimit) + ">"},
			"Date":           {m.Date.UTC().Format(time.RFC1123Z)},
			"Auto-Submitted": {"auto-generated"},
		},
	}
	raw, err := composed.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cannot write message: %w", err)
	}
	return fold(raw), nil
}

// listItem returns an address in a form that package email preserves: it splits lists at every comma, even inside a
// name, and formats each item again.
func listItem(address mail.Address) string {
	if address.Name == "" {
		return address.String()
	}
	return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(address.Name)) + "?= <" + address.Address + ">"
}

// fold puts each encoded word of a message's header on a line of its own, as RFC 2047 requires; package email writes
// each header on one line, however long.
func fold(message []byte) []byte {
	head, body, found := bytes.Cut(message, []byte("\r\n\r\n"))
	if !found {
		return message
	}
	head = bytes.ReplaceAll(head, []byte("?= =?"), []byte("?=\r\n =?"))
	return bytes.Join([][]byte{head, body}, []byte("\r\n\r\n"))
}
