package mail

import (
	"strings"

	"crm/db/address"
)

// toField returns the field with whom a message is to.
func toField(m *Message, recipient address.Address) string {
	if to, err := address.Parse(m.To); err == nil && isShown(to, recipient) {
		return addressField("To", Header(m.ToName, NameLimit), to.Mailbox())
	}
	return addressField("To", Header(m.RecipientName, NameLimit), recipient.Mailbox())
}

// ccField returns the field with those who get a copy of a message, each on a line, empty if nobody does.
func ccField(m *Message, recipient address.Address) string {
	var mailboxes []string
	for _, text := range m.Cc {
		if cc, err := address.Parse(text); err == nil && isShown(cc, recipient) {
			mailboxes = append(mailboxes, "<"+cc.Mailbox()+">")
		}
	}
	if len(mailboxes) == 0 {
		return ""
	}
	return "Cc: " + strings.Join(mailboxes, ",\r\n ")
}

// isShown reports whether a message to a recipient shows an address. One that needs SMTPUTF8 would keep a mail server without it from
// accepting the message for others.
func isShown(shown, recipient address.Address) bool {
	return !shown.NeedsUTF8() || recipient.NeedsUTF8()
}
