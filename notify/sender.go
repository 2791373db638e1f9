package notify

import (
	"strings"

	"crm/db"
	"crm/notify/mail"
)

// personLimit is the maximum number of characters of a person's name in From. The words behind it, which say who it is, need room, too.
const personLimit = 50

// byline is the data of the templates that name who wrote a message.
type byline struct {
	Name string
	// Role is "staff", "customer" or "external".
	Role db.AuthorRole
	// AppName is the name of the product.
	AppName string
	// When is the time of the message, in the recipient's time zone.
	When string
}

// fromName returns the name that a message about what somebody wrote comes from: theirs with the product's, as "Ada Lovelace via CRM". The
// address stays the product's own, which is the only one that it may send from (SPF, DKIM and DMARC). What a customer or somebody
// without an account is called is what they chose, so that the name says that they are not of the staff. It is empty for what nobody
// wrote, or somebody who isn't with the product any more.
func (d *dispatcher) fromName(author db.Author) string {
	name := personName(author.Name)
	if author.Role == "" || name == "" || author.Deactivated {
		return ""
	}
	product := mail.SenderName(d.composer.config.Sender, d.composer.config.AppName)
	return mail.Header(d.composer.part("from", byline{Name: name, Role: author.Role, AppName: product}), mail.NameLimit)
}

// addressLike are the characters that make a name look like an address.
const addressLike = "@＠﹫<>＜＞"

// personName returns a name as it may stand for a person: one line that looks like no address.
func personName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(addressLike, r) {
			return ' '
		}
		return r
	}, name)
	return mail.Line(name, personLimit)
}
