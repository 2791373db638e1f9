package notify

import (
	"fmt"
	"slices"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// News that more than the templates know.
const (
	// newsMentioned is the news of a note that names somebody.
	newsMentioned = "mentioned"
	newsUpdated   = "updated"
	newsCancelled = "cancelled"
)

// announcements is the table of who is told what, which docs/mail.md shows. Each recipient of an event gets one message, by the
// first row that names them.
//
// "Only if" says which events of the type the row is about. "To" lists the recipients, in the order of their deliveries. The
// actor is the account that made the change. It gets mail about interactions, too, to have them in its mailbox, unless its
// notifySelf is false. Deleted and deactivated accounts get no mail. All active admins are told in the place of a user who is
// responsible and deactivated, and where the table has nobody and nobody is responsible: for a ticket on an interaction, that
// is the interaction's user; for any other, its assignee. The text is in templates/<topic>.txt.
var announcements = []announcement{
	// {event, topic, news, what happened, only if, to, also to the actor}
	{db.EventInteractionUpdated, "interaction", "handed over", "a planned interaction is handed over before it begins",
		handedOver, []role{user, formerUser}, true},
	{db.EventInteractionCreated, "interaction", "created", "an interaction is planned", planned, []role{customer, user}, true},
	{db.EventInteractionUpdated, "interaction", newsCancelled, "a planned interaction becomes internal before it begins",
		becameInternal, []role{customer}, true},
	{db.EventInteractionUpdated, "interaction", "created", "an internal interaction becomes public before it begins",
		becamePublic, []role{customer}, true},
	{db.EventInteractionUpdated, "interaction", newsUpdated, "a planned interaction is changed in title, time or place, or planned again, before it begins",
		rescheduled, []role{customer, user}, true},
	{db.EventInteractionCancelled, "interaction", newsCancelled, "an interaction is cancelled before it begins",
		stillAhead, []role{customer, user, formerUser}, true},
	{db.EventInteractionDeleted, "interaction", "deleted", "a planned interaction is deleted before it begins", planned, []role{customer, user}, true},
	{db.EventTicketCreated, "ticket", "created", "a customer raises a ticket by mail", raisedByMail, []role{customer}, true},
	{db.EventTicketCreated, "ticket", "created", "a ticket is raised", always, []role{customer, interactionUser, assignee, nobody}, false},
	{db.EventTicketMoved, "ticket", "reopened", "a ticket is reopened", reopened, []role{customer, interactionUser, assignee, nobody}, false},
	{db.EventTicketMoved, "ticket", "moved", "a ticket is resolved or closed", ended, []role{customer, interactionUser, assignee}, false},
	{db.EventTicketUpdated, "ticket", newsUpdated, "a ticket's text is rewritten, or it becomes urgent", rewritten, []role{interactionUser, assignee, nobody}, false},
	{db.EventTicketAssigned, "ticket", "assigned", "a ticket is assigned, or taken from its assignee", always, []role{assignee, formerAssignee}, false},
	{db.EventTicketMessageCreated, "message", "written", "the staff reply on a ticket", repliedByStaff, []role{customer}, false},
	{db.EventTicketMessageCreated, "message", newsMentioned, "a note on a ticket names a colleague who sees the ticket, such as `@Asha Rao`", always,
		[]role{mentioned}, false},
	{db.EventTicketMessageCreated, "message", "written", "a customer writes on a ticket", writtenByCustomer,
		[]role{interactionUser, assignee, nobody}, false},
	{db.EventTicketReplied, "ticket", "moved", "a reply of the staff resolves or closes a ticket", endedByReply,
		[]role{interactionUser, assignee}, false},
	{db.EventTicketDeleted, "ticket", "deleted", "a ticket is deleted", always, []role{interactionUser, assignee, nobody}, false},
}

// accountAnnouncements is the part of the table about accounts, whose holders are always told, also of what they did themselves:
// they learn so if it was somebody else. A deactivated holder isn't told, and nobody in their place.
var accountAnnouncements = []announcement{
	{db.EventAccountLinkCreated, accountTopic, "reset", "somebody asks to reset its password",
		bringsLinkFor(db.LinkResetPassword), []role{holder}, true},
	{db.EventAccountLinkCreated, accountTopic, "invited", "its holder is invited", bringsLinkFor(db.LinkAcceptInvitation), []role{holder}, true},
	{db.EventAccountLinkCreated, accountTopic, "sign-up", "somebody asks to sign up with its address", bringsLinkFor(db.LinkSignUp), []role{holder}, true},
	{db.EventSecurityEventCreated, accountTopic, "limited", "too many wrong passwords or codes are entered for it, once a day at most",
		isSecurityEvent(db.SecurityLogInsLimited), []role{holder}, true},
	{db.EventSecurityEventCreated, accountTopic, "two-factor on", "its two-factor authentication is turned on",
		isSecurityEvent(db.SecurityTwoFactorEnabled), []role{holder}, true},
	{db.EventSecurityEventCreated, accountTopic, "two-factor off", "its two-factor authentication is turned off, by its holder, by an admin or with a mailed link",
		isSecurityEvent(db.SecurityTwoFactorDisabled, db.SecurityTwoFactorReset), []role{holder}, true},
	{db.EventSecurityEventCreated, accountTopic, "recovery code", "one of its recovery codes is used",
		isSecurityEvent(db.SecurityRecoveryCodeUsed), []role{holder}, true},
	{db.EventSecurityEventCreated, accountTopic, "provider", "it is linked to an identity provider, so that its holder can log in with that",
		isSecurityEvent(db.SecurityProviderLinked), []role{holder}, true},
	{db.EventAccountLinkCreated, accountTopic, "verify", "its address is entered by somebody, if addresses have to be verified, or its holder asks to verify it",
		bringsLinkFor(db.LinkVerifyEmail), []role{holder}, true},
	{db.EventAccountLinkCreated, accountTopic, "change", "its holder asks to change its address (at the new one)",
		bringsLinkFor(db.LinkChangeEmail), []role{holder}, true},
	{db.EventAccountLinkCreated, accountTopic, "changed", "its holder changes its address (at the former one)",
		bringsLinkFor(db.LinkUndoEmailChange), []role{holder}, true},
	{db.EventUserUpdated, accountTopic, "password changed", "its password is changed", passwordChanged, []role{holder}, true},
	{db.EventCustomerUpdated, accountTopic, "password changed", "its password is changed", passwordChanged, []role{holder}, true},
}

// accountTopic is the topic of messages about the recipient's account.
const accountTopic = "account"

// table returns all announcements.
func table() []announcement { return slices.Concat(announcements, accountAnnouncements) }

// announcement is a row of the table.
type announcement struct {
	event string
	// topic names the template, news selects one of its texts.
	topic, news string
	// what happened, in the words of docs/mail.md.
	what    string
	onlyIf  func(*store.Event, db.EventData) bool
	to      []role
	toActor bool
}

// role is the role of an account in an event's document; see entity.Party.
type role string

const (
	customer        role = "customer"
	user            role = "user"
	formerUser      role = "former user"
	interactionUser role = "interaction user"
	assignee        role = "assignee"
	formerAssignee  role = "former assignee"
	author          role = "author"
	// mentioned are all users whom a note names.
	mentioned role = "mentioned"
	// nobody stands for the user who is responsible, if there is none.
	nobody role = "nobody"
	// holder is the account that an event is about, or that a link is for.
	holder role = "holder"
)

// answers reports whether the role is that of the interaction's user, in whose place admins answer.
func (r role) answers() bool { return r == user || r == interactionUser }

// addressee is a recipient of an event, by a row of the table.
type addressee struct {
	account auth.AudienceKey
	role    role
	row     *announcement
}

// actorOf returns the account that made a change; it is empty if that was the program itself.
func actorOf(event *store.Event) auth.AudienceKey {
	if event.ActorRole == "" {
		return ""
	}
	return auth.AccountKey(auth.Role(event.ActorRole), event.Actor)
}

// accountsThatAre returns the accounts with that role in an event's document: one, except for those whom a note names.
func accountsThatAre(role role, event *store.Event, data db.EventData) []auth.AudienceKey {
	if message, ok := data.Entity.(*db.TicketMessage); ok && role == mentioned {
		return message.Mentioned()
	}
	if account, ok := accountThatIs(role, event, data); ok {
		return []auth.AudienceKey{account}
	}
	return nil
}

// accountThatIs returns the account with that role in an event's document.
func accountThatIs(role role, event *store.Event, data db.EventData) (account auth.AudienceKey, ok bool) {
	if role != holder {
		return data.AccountThatIs(string(role))
	}
	switch document := data.Entity.(type) {
	case *db.AccountLink:
		return document.Account, document.Leads()
	case *db.SecurityEvent:
		return document.Owner(), true
	case *db.User:
		return auth.AccountKey(auth.User, event.Entity), true
	case *db.Customer:
		return auth.AccountKey(auth.Customer, event.Entity), true
	}
	return "", false
}

// addressees returns the distinct recipients of an event by the rows of its type. The error is errMalformedEvent if the event
// lacks the data that its type requires.
func addressees(rows []*announcement, event *store.Event, data db.EventData) ([]addressee, error) {
	var found []addressee
	for _, row := range rows {
		if data.Entity == nil {
			return nil, fmt.Errorf("%w: %s without %s", errMalformedEvent, event.Type, row.topic)
		}
		if !row.onlyIf(event, data) {
			continue
		}
		for _, role := range row.to {
			if role == nobody && replyTo(data) == "" {
				found = append(found, addressee{role: role, row: row})
				continue
			}
			for _, account := range accountsThatAre(role, event, data) {
				if role == customer && !isToldTo(account, row.news, data) {
					continue // the interaction is internal
				}
				known := slices.ContainsFunc(found, func(a addressee) bool { return a.account == account })
				if !known && (row.toActor || account != actorOf(event)) {
					found = append(found, addressee{account, role, row})
				}
			}
		}
	}
	return found, nil
}
