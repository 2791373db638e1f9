package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/db"
	"crm/db/store"
	"crm/notify/mail"
)

// The maximum numbers of runes that a message shows of a text.
const (
	titleLimit       = 200
	excerptLimit     = 60
	leadLimit        = 500
	descriptionLimit = 10_000
	errorLimit       = 500
)

// message is the templates' data: an event, the documents that it refers to, and the parts of the message written so
// far. Templates may use texts as they are, since their output is truncated and sanitized afterwards.
type message struct {
	*mailContext
	// News is the news of the announcement: "created".
	News string
	// Entity is the event's document.
	Entity  store.Document
	changed []string
	// AppName is the name of the product.
	AppName string
	// Link is the address of the record in the front end; it is empty if there is none, or if the record is deleted.
	Link string
	// LinkText says what the link does; empty if it opens the record.
	LinkText string
	// Token stands for the token of an account link, for a message without a link; see revealed.
	Token string
	zone  *time.Location
	// expires is when the account link expires.
	expires time.Time

	// RecipientName, Lead, Facts and Description are the content of the frame.
	RecipientName string
	Lead          string
	Facts         []fact
	Description   string
}

// hiddenToken stands for the token of an account link in the stored texts of a message, which others than its recipient may see.
// It consists of characters that no format changes.
const hiddenToken = "the-token-is-added-when-this-is-sent"

// revealed returns a text of a message with the token of its account link, for its recipient.
func revealed(text, token string) string {
	if token == "" {
		return text
	}
	return strings.ReplaceAll(text, hiddenToken, token)
}

// linkTexts say what the links for the actions do.
var linkTexts = map[db.LinkAction]string{
	db.LinkResetPassword:    "Choose a new password",
	db.LinkAcceptInvitation: "Accept the invitation",
	db.LinkSignUp:           "Sign up",
	db.LinkVerifyEmail:      "Verify the address",
	db.LinkChangeEmail:      "Confirm the new address",
	db.LinkUndoEmailChange:  "Undo the change",
}

// action makes the message bring an account link.
func (m *message) action(link *db.AccountLink, links Links) {
	m.Link, m.LinkText = links.forAction(string(link.Action), hiddenToken), linkTexts[link.Action]
	m.Token = hiddenToken
	m.expires = link.ExpiresAt
}

// Expires says when the account link of the message expires, in the recipient's time zone.
func (m *message) Expires() string { return moment(m.expires.In(m.zone)) }

// fact is one line of the message's list.
type fact struct{ Label, Value string }

// Fact adds a line to the message's list, unless its value is empty. It returns an empty text to the template.
func (m *message) Fact(label, value string) string {
	if value = mail.Line(value, titleLimit); value != "" {
		m.Facts = append(m.Facts, fact{label, value})
	}
	return ""
}

// Written reports whether the message brings what somebody wrote on a ticket, which then speaks for itself.
func (m *message) Written() bool {
	_, ok := m.Entity.(*db.TicketMessage)
	return ok
}

// Introduced reports whether the reader has to know Lead before what somebody wrote: that customers don't see it, or what is known of
// somebody without an account.
func (m *message) Introduced() bool {
	written, ok := m.Entity.(*db.TicketMessage)
	return ok && (m.News == newsMentioned || written.External() != nil)
}

// When says when an interaction takes place, in the recipient's time zone.
func (m *message) When(i *db.Interaction) string { return when(i, m.zone) }

// Changed reports whether the event changed a stored field.
func (m *message) Changed(field string) bool { return slices.Contains(m.changed, field) }

// Changes names the announced properties that changed: "title, time and place".
func (m *message) Changes() string {
	names := map[string]string{"title": "title", "start_time": "time", "end_time": "time", "all_day": "time", "location": "place", "status": "status"}
	is := map[string]bool{}
	for _, field := range m.changed {
		is[names[field]] = true
	}
	var changed []string
	for _, name := range []string{"title", "time", "place", "status"} {
		if is[name] {
			changed = append(changed, name)
		}
	}
	if len(changed) < 2 {
		return strings.Join(changed, "")
	}
	last := len(changed) - 1
	return strings.Join(changed[:last], ", ") + " and " + changed[last]
}

// excerpt returns the beginning of a text, in one line.
func excerpt(text string) string { return mail.Line(text, excerptLimit) }

// words returns a stored constant as words: "follow up".
func words(constant any) string {
	return mail.Line(strings.ReplaceAll(fmt.Sprint(constant), "_", " "), titleLimit)
}

// commas returns what spaces separate with commas.
func commas(list string) string { return strings.Join(strings.Fields(list), ", ") }

// lines returns the lines of a text.
func lines(text string) []string { return strings.Split(text, "\n") }

var priorities = map[db.Priority]string{
	db.PriorityLow: "low", db.PriorityMedium: "medium", db.PriorityHigh: "high", db.PriorityUrgent: "urgent",
}

func priority(p db.Priority) string { return priorities[p] }

// number formats a ticket's number: "#7".
func number(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("#%d", *n)
}
