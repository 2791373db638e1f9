package db

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crm/auth"
	"crm/db/store"
)

// sender is who has the address of a mail's sender. Each may be nil.
type sender struct {
	user     *User
	customer *Customer
}

// senderOf looks up the sender of a mail.
func (d *DB) senderOf(ctx context.Context, in *IncomingMail) (s sender, err error) {
	if in.FromEmail == "" {
		return s, nil
	}
	s.user, err = ByEmail(ctx, d.Users, auth.SystemScope(), in.FromEmail)
	if err := ignoreNotFound(err); err != nil {
		return s, err
	}
	s.customer, err = ByEmail(ctx, d.Customers, auth.SystemScope(), in.FromEmail)
	return s, ignoreNotFound(err)
}

// matched is the ticket that a mail answers.
type matched struct {
	ticket *Ticket
	// holder is the account that the token was mailed to, by which the ticket was found; empty if there was none.
	holder auth.AudienceKey
	// loop says that the mail is one of ours.
	loop bool
}

// outdated reports whether the ticket was closed so long ago that the mail is about something new.
func (m matched) outdated(in *IncomingMail, now time.Time) bool {
	closed := m.ticket.ClosedAt
	return in.Automatic == "" && m.ticket.Status == TicketClosed && closed != nil && now.Sub(*closed) > reopenFor
}

// ticketOf returns the ticket that a mail answers: the one that the token in its address is for, or that one of the messages
// that it answers is about, or whose number its subject has, if the sender takes part in it.
func (d *DB) ticketOf(ctx context.Context, in *IncomingMail, by sender) (found matched, err error) {
	if own, err := d.isOwn(ctx, in.MessageID); own || err != nil {
		return matched{loop: own}, err
	}
	for _, token := range in.Tokens {
		if found, err = d.openReplyToken(ctx, token, by); err != nil || found.ticket != nil {
			return found, err
		}
	}
	for _, id := range in.Answers {
		ticket, known, err := d.ticketByMessage(ctx, id)
		if known || err != nil {
			return matched{ticket: ticket}, err
		}
	}
	if in.Verification == RefutedSender {
		return found, nil
	}
	found.ticket, _, err = d.ticketBySubject(ctx, in, by)
	return found, err
}

// tokenEncoding is for the part of an address before the @, whose case not every program keeps.
var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// tokenProof is how many bytes of a token prove that the server made it.
const tokenProof = 10

// ReplyToken returns what stands in the address for replies to mail about a ticket to an account. It proves that who has it got
// that mail, or has got it from somebody who did.
func (d *DB) ReplyToken(ticket store.ID, account auth.AudienceKey) string {
	return tokenEncoding.EncodeToString(append(ticket[:], replyProof(d.entities.CursorKeys[0], ticket, account)...))
}

func replyProof(key []byte, ticket store.ID, account auth.AudienceKey) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("reply\n" + ticket.String() + "\n" + string(account)))
	return mac.Sum(nil)[:tokenProof]
}

// openReplyToken returns the ticket that a token is for, and the account that it was mailed to: the sender's or the customer's.
func (d *DB) openReplyToken(ctx context.Context, token string, by sender) (found matched, err error) {
	raw, err := tokenEncoding.DecodeString(strings.ToLower(token))
	if err != nil || len(raw) != len(store.ID{})+tokenProof {
		return matched{}, nil //nolint:nilerr // somebody's own address with a plus
	}
	id := store.ID(raw[:len(store.ID{})])
	ticket, err := d.CurrentTicket(ctx, d.Tickets, auth.SystemScope(), id)
	if err != nil {
		return matched{}, ignoreNotFound(err)
	}
	accounts := []auth.AudienceKey{auth.AccountKey(auth.Customer, ticket.CustomerID)}
	if by.user != nil {
		accounts = append(accounts, auth.AccountKey(auth.User, by.user.ID))
	}
	for _, account := range accounts {
		for _, key := range d.entities.CursorKeys {
			if hmac.Equal(raw[len(id):], replyProof(key, id, account)) {
				return matched{ticket: ticket, holder: account}, nil
			}
		}
	}
	return matched{}, nil
}

// ownID matches the part before the @ of the ids of our messages and threads.
var ownID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// isOwn reports whether a message id is that of one of our messages.
func (d *DB) isOwn(ctx context.Context, messageID string) (bool, error) {
	_, found, err := d.deliveryByMessage(ctx, messageID)
	return found, err
}

// deliveryByMessage returns the delivery with that message id.
func (d *DB) deliveryByMessage(ctx context.Context, messageID string) (delivery *Delivery, found bool, err error) {
	local, _, _ := strings.Cut(messageID, "@")
	if !ownID.MatchString(local) {
		return nil, false, nil
	}
	id, err := store.ParseID(local)
	if err != nil {
		return nil, false, err
	}
	delivery, err = d.Deliveries.Get(ctx, auth.SystemScope(), id)
	if err != nil || !strings.EqualFold(delivery.MessageID, messageID) {
		return nil, false, ignoreNotFound(err)
	}
	return delivery, true, nil
}

// ticketByMessage returns the ticket that a message with that id is about: one of ours, or mail that came. If different tickets
// have mail with that id, it says nothing.
func (d *DB) ticketByMessage(ctx context.Context, messageID string) (ticket *Ticket, found bool, err error) {
	delivery, found, err := d.deliveryByMessage(ctx, messageID)
	if err != nil {
		return nil, false, err
	}
	if found {
		return d.ticketIfAny(ctx, delivery.EntityID)
	}
	if local, domain, _ := strings.Cut(messageID, "@"); ownID.MatchString(local) && strings.EqualFold(domain, d.options.MailDomain) {
		id, err := store.ParseID(local) // of the thread
		if err != nil {
			return nil, false, err
		}
		return d.ticketIfAny(ctx, id)
	}
	named := store.And(store.Eq("message_id", shorten(messageID, maxMessageID)), store.Not(store.IsNull("ticket_id")))
	mails, err := d.receivedMails.Find(ctx, store.Query{Where: named, Limit: 1})
	if err != nil || len(mails) == 0 {
		return nil, false, err
	}
	others, err := d.receivedMails.CountAll(ctx, store.And(named, store.Compare(store.OpNe, "ticket_id", *mails[0].TicketID)))
	if err != nil || others > 0 {
		return nil, false, err
	}
	return d.ticketIfAny(ctx, *mails[0].TicketID)
}

// ticketIfAny returns the ticket with that id, or the one that it was merged into.
func (d *DB) ticketIfAny(ctx context.Context, id store.ID) (ticket *Ticket, found bool, err error) {
	ticket, err = d.CurrentTicket(ctx, d.Tickets, auth.SystemScope(), id)
	if err != nil {
		return nil, false, ignoreNotFound(err)
	}
	return ticket, true, nil
}

// numberInSubject matches the number of a ticket as our subjects have it.
var numberInSubject = regexp.MustCompile(`\[#(\d{1,9})\]`)

// ticketBySubject returns the ticket whose number is in the subject; it isn't found if the sender takes no part in it.
func (d *DB) ticketBySubject(ctx context.Context, in *IncomingMail, by sender) (ticket *Ticket, found bool, err error) {
	match := numberInSubject.FindStringSubmatch(in.Subject)
	if match == nil {
		return nil, false, nil
	}
	number, err := strconv.Atoi(match[1])
	if err != nil {
		return nil, false, err
	}
	ticket, err = d.TicketByNumber(ctx, d.Tickets, auth.SystemScope(), number)
	if err != nil {
		return nil, false, ignoreNotFound(err)
	}
	takesPart, err := d.takesPart(ctx, ticket, in, by)
	if err != nil || !takesPart {
		return nil, false, err
	}
	return ticket, true, nil
}

// takesPart reports whether the sender of a mail is the customer of a ticket, a user who sees it, has written on it by mail, or
// gets copies of what is written on it.
func (d *DB) takesPart(ctx context.Context, ticket *Ticket, in *IncomingMail, by sender) (bool, error) {
	if by.customer != nil && by.customer.ID == ticket.CustomerID {
		return true, nil
	}
	if by.user != nil {
		_, err := d.Tickets.Get(ctx, auth.Scope{Role: by.user.Role, Account: by.user.ID}, ticket.ID)
		return err == nil, ignoreNotFound(err)
	}
	n, err := d.receivedMails.CountAll(ctx, store.And(store.Eq("ticket_id", ticket.ID), store.Eq("from_key", AddressKey(in.FromEmail))))
	if err != nil || n > 0 || in.FromEmail == "" {
		return n > 0, err
	}
	return d.gotCopies(ctx, ticket.ID, in.FromEmail)
}

// LastMailFrom returns the message id of the last mail from an address about a ticket, empty if there is none.
func (d *DB) LastMailFrom(ctx context.Context, ticket store.ID, email string) (messageID string, err error) {
	mails, err := d.receivedMails.Find(ctx, store.Query{
		Where: store.And(store.Eq("ticket_id", ticket), store.Eq("from_key", AddressKey(email))),
		Sort:  []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: 1,
	})
	if err != nil || len(mails) == 0 {
		return "", err
	}
	return mails[0].MessageID, nil
}
