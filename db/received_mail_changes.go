package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"crm/auth"
	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
)

// IncomingMail is a mail that comes, as far as tickets are concerned.
type IncomingMail struct {
	// ID is derived from the mail.
	ID store.ID
	// MessageID is its own, Answers are those of the messages that it answers, the closest ones first.
	MessageID string
	Answers   []string
	// Tokens are what follows the plus in the addresses that it was sent to; see ReplyToken.
	Tokens []string
	// FromEmail and FromName are the sender, as far as it says so, and Verification what is known about that.
	FromEmail, FromName, Verification string
	Subject, Text, HTML               string
	// CopiedTo are the addresses in To and Cc that aren't the server's own.
	CopiedTo []string
	// Automatic says by what it was recognized that a program wrote it, Reply whether that answers another mail.
	Automatic string
	Reply     bool
	Problem   string
	// Raw is the mail as it came, Files are those that are attached to it.
	Raw   []byte
	Files []MailFile
}

// UnknownSenders says what becomes of mail by somebody who is no customer, and that answers nothing.
type UnknownSenders string

// The possibilities.
const (
	CreateUnknown UnknownSenders = "create"
	RejectUnknown UnknownSenders = "reject"
	IgnoreUnknown UnknownSenders = "ignore"
)

// ParseUnknownSenders reads one of them.
func ParseUnknownSenders(text string) (UnknownSenders, error) {
	switch u := UnknownSenders(cmp.Or(text, string(CreateUnknown))); u {
	case CreateUnknown, RejectUnknown, IgnoreUnknown:
		return u, nil
	}
	return "", errors.New("must be create, reject or ignore")
}

const (
	// maxMailText is the most characters of a mail that a ticket or a message shows.
	maxMailText = 100_000
	// reopenFor is for how long mail reopens a closed ticket; after that it raises another one.
	reopenFor = 14 * 24 * time.Hour
)

// Received returns what became of a mail that came before; it isn't found if it didn't, or wasn't dealt with.
func (d *DB) Received(ctx context.Context, id store.ID) (known *ReceivedMail, found bool, err error) {
	known, err = d.ReceivedMails.Get(ctx, auth.SystemScope(), id)
	if err != nil {
		return nil, false, ignoreNotFound(err)
	}
	return known, true, nil
}

// ReceiveMail turns a mail that isn't Received into a message on the ticket that it answers, or else into a ticket. Continuing so
// after an interruption does nothing twice.
func (d *DB) ReceiveMail(ctx context.Context, in IncomingMail, unknown UnknownSenders) (*ReceivedMail, error) {
	in.clean()
	received := in.record(d.now())
	sender, err := d.senderOf(ctx, &in)
	if err != nil {
		return nil, err
	}
	found, err := d.ticketOf(ctx, &in, sender)
	switch {
	case err != nil:
		return nil, err
	case found.loop:
		received.ignore("it is one of this server's own messages")
	case found.ticket != nil && !found.outdated(&in, d.now()):
		err = d.writeMail(ctx, &in, sender, found, received)
	case in.Reply:
		received.ignore("it was sent automatically, and answers no ticket")
	case sender.customer == nil && unknown == RejectUnknown:
		received.ignore("the sender isn't known")
		received.Outcome = MailRejected
	case sender.customer == nil && unknown == IgnoreUnknown:
		received.ignore("the sender isn't known")
	default:
		err = d.raiseByMail(ctx, &in, sender, found.ticket, received)
	}
	if err != nil {
		return nil, err
	}
	return d.recordMail(ctx, received)
}

// IgnoreMail records a mail that nothing follows from, and why.
func (d *DB) IgnoreMail(ctx context.Context, in IncomingMail, outcome MailOutcome, reason string) (*ReceivedMail, error) {
	in.clean()
	received := in.record(d.now())
	received.ignore(reason)
	received.Outcome = outcome
	return d.recordMail(ctx, received)
}

// recordMail writes what became of a mail, unless somebody has done so.
func (d *DB) recordMail(ctx context.Context, received *ReceivedMail) (*ReceivedMail, error) {
	received.SetKeys(d.entities.Keys)
	err := d.store.Insert(ctx, ReceivedMails.Collection, received)
	if err != nil && store.CodeOf(err) != store.Conflict {
		return nil, fmt.Errorf("cannot record mail %s: %w", received.ID, err)
	}
	return received, nil
}

// clean makes the texts of a mail fit to be stored.
func (m *IncomingMail) clean() {
	m.FromEmail, m.FromName = shorten(address.Canonical(m.FromEmail), address.MaxInput), oneLine(m.FromName)
	m.Subject = oneLine(m.Subject)
	m.CopiedTo = othersAmong(m.CopiedTo, m.FromEmail)
	m.Text = strings.TrimSpace(cleanText(strings.ToValidUTF8(m.Text, "\uFFFD")))
	if short := shorten(m.Text, maxMailText); short != m.Text {
		m.Text = short + "…\n\n(The mail is longer.)"
	}
	m.MessageID = shorten(strings.ToValidUTF8(m.MessageID, "\uFFFD"), maxMessageID)
	if m.Text == "" {
		m.Text = noText
	}
}

// noText stands for the text of a mail that has none.
const noText = "(The mail has no text.)"

// maxMessageID is how many characters of a message id are compared; none should be longer than a line.
const maxMessageID = 998

// oneLine returns a text as a line that a title or a name may be.
func oneLine(text string) string {
	return shorten(titleOf(strings.ReplaceAll(text, "\n", " ")), maxName)
}

func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}

// record returns what is remembered of a mail.
func (m *IncomingMail) record(now time.Time) *ReceivedMail {
	return &ReceivedMail{
		ID: m.ID, MessageID: m.MessageID, FromEmail: m.FromEmail, FromName: m.FromName, Subject: m.Subject,
		HTML: m.HTML, Verification: m.Verification, Automatic: m.Automatic, Problem: m.Problem, Size: len(m.Raw), CreatedAt: now, Version: 1,
	}
}

// ignore says why nothing follows from a mail. Its text isn't kept, since there is nothing that would show it.
func (m *ReceivedMail) ignore(reason string) { m.Outcome, m.Reason, m.HTML = MailIgnored, reason, "" }

// raiseByMail makes a mail a ticket of its sender, who becomes a customer. It follows the ticket that the mail answers, if that
// was closed too long ago.
func (d *DB) raiseByMail(ctx context.Context, in *IncomingMail, by sender, former *Ticket, received *ReceivedMail) error {
	customer, err := d.customerByMail(ctx, in, by)
	if err != nil {
		return err
	}
	now := d.now()
	ticket := &Ticket{
		ID: in.ID, CustomerID: customer.ID, Title: cmp.Or(in.Subject, titleOf(in.Text)), Description: in.Text, Status: TicketOpen,
		Priority: PriorityMedium, ByMail: true, CopiedTo: strings.Join(in.CopiedTo, " "), WaitingSince: &now, LastCustomerMessageAt: &now,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if former != nil {
		ticket.FollowsID = &former.ID
	}
	if in.Automatic == "" && in.Verification != RefutedSender && customer.Address() != nil {
		if ticket.acknowledge, err = d.mayAnswer(ctx, in.FromEmail); err != nil {
			return err
		}
	}
	scope := auth.Scope{Role: auth.Customer, Account: customer.ID}
	ticket.derive() // the attachments copy the queue
	note, err := d.attachMail(ctx, scope, ticket, nil, in)
	if err != nil {
		return err
	}
	ticket.Description += note
	if err := d.tickets.Create(ctx, scope, ticket); err != nil && !entity.IsTaken(err, "_id") {
		return err
	}
	received.Outcome, received.TicketID = MailRaised, &ticket.ID
	return nil
}

// answersPerAddress is how many mails an address gets an automatic answer to: that of a program that answers it, too, ends so.
var answersPerAddress = limit{time.Hour, 5, "too many automatic answers"}

// mayAnswer reports whether an address may get another automatic answer, and counts it.
func (d *DB) mayAnswer(ctx context.Context, email string) (bool, error) {
	err := d.begin(ctx, &LoginAttempt{ID: store.NewID(), Key: "answer:" + AddressKey(email), At: d.now()}, answersPerAddress)
	if store.CodeOf(err) == store.RateLimited {
		return false, nil
	}
	return err == nil, err
}

// customerByMail returns the customer with the sender's address, who is created if need be. All mail without a usable address is
// by one customer.
func (d *DB) customerByMail(ctx context.Context, in *IncomingMail, by sender) (*Customer, error) {
	if by.customer != nil {
		return by.customer, nil
	}
	now := d.now()
	customer := &Customer{
		ID: store.NewID(), Name: cmp.Or(in.FromName, in.FromEmail), Email: in.FromEmail, CreatedAt: now, UpdatedAt: now, Version: 1,
		UnverifiedSince: &now, // anybody may name any sender
	}
	find := func() (*Customer, error) { return ByEmail(ctx, d.Customers, auth.SystemScope(), in.FromEmail) }
	if _, err := address.Parse(in.FromEmail); err != nil {
		customer.ID, customer.Name, customer.Email = store.DerivedID("customer without an address"), "Unknown sender", ""
		customer.UnverifiedSince = nil
		find = func() (*Customer, error) { return d.Customers.Get(ctx, auth.SystemScope(), customer.ID) }
		if known, err := find(); err == nil || store.CodeOf(err) != store.NotFound {
			return known, err
		}
	}
	customer.Name = shorten(customer.Name, maxName)
	err := d.customers.Create(ctx, auth.SystemScope(), customer)
	if store.CodeOf(err) == store.Conflict { // another mail has created the customer meanwhile
		return find()
	}
	if err != nil {
		return nil, err
	}
	return customer, nil
}
