package notify

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"net/textproto"
	"time"

	"github.com/jordan-wright/email"

	"crm/db"
)

// message returns the RFC 5322 message of a delivery. Its Date is when the message was made, so that every try of it
// is the same.
func (s *SMTP) message(delivery *db.Delivery) ([]byte, error) {
	if err := checkAddress(delivery.Recipient); err != nil {
		return nil, err
	}
	to := mail.Address{Name: header(delivery.RecipientName, nameLimit), Address: delivery.Recipient}
	from := mail.Address{Name: header(s.from.Name, nameLimit), Address: s.from.Address}
	message := &email.Email{
		From: listItem(from), To: []string{listItem(to)}, Subject: header(delivery.Subject, subjectLimit),
		Text: []byte(delivery.Text), HTML: []byte(delivery.HTML),
		Headers: textproto.MIMEHeader{
			"Message-Id":     {"<" + header(delivery.MessageID, addressLimit) + ">"},
			"Date":           {delivery.CreatedAt.UTC().Format(time.RFC1123Z)},
			"Auto-Submitted": {"auto-generated"},
		},
	}
	raw, err := message.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cannot write message: %w", err)
	}
	return fold(raw), nil
}

// listItem returns an address in a form that survives package email, which splits lists at every comma, also within a
// name, and writes each item anew.
func listItem(address mail.Address) string {
	if address.Name == "" {
		return address.String()
	}
	return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(address.Name)) + "?= <" + address.Address + ">"
}

// fold puts each encoded word of a message's header on a line of its own, as RFC 2047 wants it; package email writes
// headers in one line, however long.
func fold(message []byte) []byte {
	head, body, found := bytes.Cut(message, []byte("\r\n\r\n"))
	if !found {
		return message
	}
	head = bytes.ReplaceAll(head, []byte("?= =?"), []byte("?=\r\n =?"))
	return bytes.Join([][]byte{head, body}, []byte("\r\n\r\n"))
}
