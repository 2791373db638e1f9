package db

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// ExternalAddress is somebody who writes on a ticket by mail, and isn't known to be its customer or one of the staff.
type ExternalAddress struct {
	Email string
	// Name is empty if there is none.
	Name string
}

// Address returns the address, nil if there is none.
func (a *ExternalAddress) Address() *string { return addressIn(&a.Email) }

// GlobalID returns the address, which stands in for an id.
func (a *ExternalAddress) GlobalID() string { return a.Email }

// writeMail makes a mail a message on the ticket that it answers.
func (d *DB) writeMail(ctx context.Context, in *IncomingMail, by sender, found matched, received *ReceivedMail) error {
	ticket := found.ticket
	message := &TicketMessage{
		ID: in.ID, TicketID: ticket.ID, Visibility: MessagePublic, Channel: ChannelEmail, BodyText: in.Text, Version: 1,
		Automatic: in.Automatic != "", Verification: in.Verification, CopiedTo: strings.Join(in.CopiedTo, " "),
	}
	received.Outcome, received.TicketID = MailWritten, &message.TicketID // which follows the ticket if that is merged
	tooMany, err := d.answersItself(ctx, ticket.ID, in)
	if err != nil {
		return err
	}
	if tooMany {
		message.Automatic, received.Automatic = true, cmp.Or(received.Automatic, automaticLoop)
	}
	scope := message.writtenBy(ticket, in, by, found.holder)
	err = d.writeWithFiles(ctx, scope, message, in)
	if store.CodeOf(err) == store.NotFound { // the author doesn't see the ticket any more
		scope, message.AuthorID = auth.SystemScope(), nil
		message.writtenBy(ticket, in, by, "")
		err = d.writeWithFiles(ctx, scope, message, in)
	}
	switch {
	case store.CodeOf(err) == store.NotFound:
		return store.Errorf(store.Conflict, "the ticket that the mail answers is being deleted; try again")
	case err != nil && !entity.IsTaken(err, "_id"):
		return err
	case message.Visibility == MessageInternal:
		return nil
	}
	applied, err := d.applyMessages(ctx, scope, message.TicketID)
	if err == nil {
		received.TicketID = &applied.ID
	}
	if code := store.CodeOf(err); code == store.NotFound || code == store.Conflict {
		return nil // the planner brings the ticket up to date
	}
	return err
}

// writeWithFiles writes a message that came by mail, after its attachments. Those of a message that isn't written after all go as
// those of an interrupted one do.
func (d *DB) writeWithFiles(ctx context.Context, scope auth.Scope, message *TicketMessage, in *IncomingMail) error {
	attached := false
	return d.writeNext(ctx, scope, message, func(ticket *Ticket) (again bool, err error) {
		if err := ticket.Permit(scope, writeByMail); err != nil || attached {
			return false, err
		}
		note, err := d.attachMail(ctx, auth.SystemScope(), ticket, message, in)
		if err != nil {
			return false, err
		}
		message.BodyText, attached = in.Text+note, true
		return len(in.Files) > 0, nil
	})
}

// writtenBy sets the author of a message that came by mail, and returns the scope that it is written with. A user is the author
// only if the mail proves it; what else comes from a user's address is for the staff alone.
func (m *TicketMessage) writtenBy(ticket *Ticket, in *IncomingMail, by sender, holder auth.AudienceKey) auth.Scope {
	if by.user != nil {
		proved := holder == auth.AccountKey(auth.User, by.user.ID) && in.Verification == VerifiedSender
		if proved && !m.Automatic && by.user.DeactivatedAt == nil {
			m.AuthorID = &by.user.ID
			return auth.Scope{Role: by.user.Role, Account: by.user.ID}
		}
		if by.customer == nil || by.customer.ID != ticket.CustomerID {
			m.Visibility = MessageInternal
		}
	}
	if by.customer != nil && by.customer.ID == ticket.CustomerID && in.Verification != RefutedSender {
		return auth.Scope{Role: auth.Customer, Account: ticket.CustomerID}
	}
	m.ExternalEmail, m.ExternalName = in.FromEmail, in.FromName
	return auth.SystemScope()
}

// The most mails from one address on one ticket within a time that a person is believed to write, and the most with the same text.
const (
	believedMails   = 3
	believedTime    = 5 * time.Minute
	believedRepeats = 2
	repeatedTime    = 24 * time.Hour
	// believedADay is the most within repeatedTime, for programs whose texts differ.
	believedADay = 30
	// shortText is how many characters a person may well write several times a day, such as "Any news?".
	shortText = 25
)

// automaticLoop is how mail is marked that answersItself recognizes.
const automaticLoop = "loop"

// answersItself reports whether so many mails from the sender have come on a ticket lately, or mails that say the same, that two programs
// must be answering each other. Neither needs to say that it is one. Mails before the last message that the staff wrote themselves count
// for a day only; whoever answers that is a person. Mails of later than now don't count: the clock was wrong then.
func (d *DB) answersItself(ctx context.Context, ticket store.ID, in *IncomingMail) (bool, error) {
	now := d.now()
	last, err := d.receivedMails.Find(ctx, store.Query{
		Where: store.And(store.Eq("ticket_id", ticket), store.Eq("from_key", AddressKey(in.FromEmail)),
			store.Compare(store.OpGt, "created_at", now.Add(-repeatedTime)), store.Compare(store.OpLte, "created_at", now.Add(believedTime))),
		Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: believedADay,
	})
	if err != nil || len(last) == believedADay {
		return err == nil, err
	}
	if last, err = d.afterStaff(ctx, ticket, last); err != nil {
		return false, err
	}
	switch {
	case len(last) >= believedMails && last[believedMails-1].CreatedAt.After(now.Add(-believedTime)):
		return true, nil
	case len(last) < believedRepeats, in.Text == noText, len(in.Files) > 0, // who sends photos writes nothing else
		utf8.RuneCountInString(in.Text) <= shortText:
		return false, nil
	}
	return d.allSay(ctx, last[:believedRepeats], in.Text)
}

// afterStaff returns the mails that came after the last message that the staff wrote through the API. The newest comes first.
func (d *DB) afterStaff(ctx context.Context, ticket store.ID, mails []*ReceivedMail) ([]*ReceivedMail, error) {
	if len(mails) < believedRepeats {
		return mails, nil
	}
	wrote, err := d.lastMessage(ctx, store.And(
		store.Eq("ticket_id", ticket), store.Eq("visibility", string(MessagePublic)), store.Not(store.IsNull("author_id")),
		store.Compare(store.OpNe, "channel", string(ChannelEmail)),
	))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(mails, func(m *ReceivedMail) bool { return !m.CreatedAt.After(wrote.CreatedAt) })
	if i < 0 {
		return mails, nil
	}
	return mails[:i], nil
}

// allSay reports whether mails have become messages with this text.
func (d *DB) allSay(ctx context.Context, mails []*ReceivedMail, text string) (bool, error) {
	ids := make([]store.ID, len(mails))
	for i, mail := range mails {
		ids[i] = mail.ID
	}
	messages, err := d.TicketMessages.ByID(ctx, auth.SystemScope(), ids)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if message := messages[id]; message == nil || message.BodyText != text {
			return false, nil
		}
	}
	return true, nil
}
