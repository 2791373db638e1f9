// Package inbound receives mail: it reads what comes through a door (HTTP, SMTP or IMAP), and turns it into tickets and messages.
// A door keeps a mail until Receive has returned without an error, and gives it to Receive again otherwise; Receive does what
// follows from a mail once, however often it gets it.
package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"slices"
	"strings"

	"crm/config"
	"crm/db"
	"crm/db/address"
	"crm/db/eventlog"
	"crm/db/store"
	"crm/inbound/mailbox"
	"crm/inbound/message"
)

// Config is what the operator decides about mail that comes.
type Config struct {
	// Inbox is the address that it comes to.
	Inbox address.Inbox
	// Sender is the address that the server's own mail comes from, to which other servers report that it came back; it may have a name.
	Sender string
	// Unknown says what becomes of mail by strangers.
	Unknown db.UnknownSenders
	// AuthservID names the host whose Authentication-Results are trusted; nobody's are if it is empty.
	AuthservID string
	// Secret opens the door for HTTP, which is closed if it is empty.
	Secret string
	// Mailbox is read by IMAP, unless it has no host.
	Mailbox mailbox.Config
	// SMTP and LMTP are the addresses to listen on, as for net.Listen; a door is closed if its address is empty.
	SMTP, LMTP string
	// Alone says that no other server can use the store.
	Alone bool
}

// Settings declares the variables that set the configuration.
func (c *Config) Settings() []config.Setting {
	return []config.Setting{
		{
			Name: "INBOUND_ADDRESS", Value: config.Parsed(&c.Inbox, "address", address.ParseInbox),
			Description: "the address that customers and staff reply to by mail, such as `support@example.com`; if its mail server also delivers " +
				"`support+anything@example.com` there, `support+{token}@example.com`",
		},
		{
			Name: "INBOUND_UNKNOWN", Value: config.Parsed(&c.Unknown, "`create`, `reject` or `ignore`", db.ParseUnknownSenders), Default: "create",
			Description: "what becomes of mail by somebody who isn't a customer: a ticket of a new customer, a refusal, or nothing",
		},
		{
			Name: "INBOUND_AUTHSERV_ID", Value: config.Text(&c.AuthservID, "name"),
			Description: "the name that the mail server which receives your mail writes at the beginning of its `Authentication-Results`, such as `mx.google.com`; " +
				"without it, no sender is known for certain, and staff can't reply by mail",
		},
		{
			Name: "INBOUND_SECRET", Value: config.Text(&c.Secret, "secret"), Secret: true,
			Description: "accept mail that is posted to `/inbound` with this password or bearer token",
		},
		{
			Name: "INBOUND_SMTP", Value: config.Parsed(&c.SMTP, "address", parseListen),
			Description: "listen there for mail that a mail server hands on, such as `127.0.0.1:2525`; only mail to `INBOUND_ADDRESS` and `SMTP_MAIL` is accepted",
		},
		{
			Name: "INBOUND_LMTP", Value: config.Parsed(&c.LMTP, "address", parseListen),
			Description: "the same with LMTP",
		},
	}
}

// Check calls wrong for each variable that is wrong, given the others.
func (c *Config) Check(wrong func(variable string, err error)) {
	c.Mailbox.Check(wrong)
	if c.Secret != "" && len(c.Secret) < minSecret {
		wrong("INBOUND_SECRET", fmt.Errorf("must have at least %d characters", minSecret))
	}
	if (c.SMTP != "" || c.LMTP != "") && !c.Inbox.IsSet() {
		wrong("INBOUND_ADDRESS", errors.New("must be set with INBOUND_SMTP or INBOUND_LMTP: no other mail is accepted there"))
	}
}

// minSecret is the least length of the secret.
const minSecret = 16

// parseListen checks an address to listen on.
func parseListen(text string) (string, error) {
	if _, port, err := net.SplitHostPort(text); text != "" && (err != nil || port == "") {
		return "", errors.New("must be an address and a port to listen on, such as :2525 or 127.0.0.1:2525")
	}
	return text, nil
}

// Mail is a mail as a door gets it.
type Mail struct {
	Raw []byte
	// Recipients are the addresses that the door knows it was sent to, besides those in its header.
	Recipients []string
	// NullSender says that the door knows that its return path is empty.
	NullSender bool
}

// Service turns mail into tickets and messages.
type Service struct {
	db     *db.DB
	parser *message.Parser
	config Config
	log    *slog.Logger
	// posted has a value for each mail that is being received over HTTP.
	posted chan struct{}
}

// MaxAtOnce is how many mails a door receives at once: each stays in memory until all that follows from it is written. The sender of one
// more has to try again.
const MaxAtOnce = 8

// New returns a Service.
func New(d *db.DB, config Config, log *slog.Logger) *Service {
	return &Service{db: d, parser: message.NewParser(), config: config, log: log, posted: make(chan struct{}, MaxAtOnce)}
}

// Receive does what follows from a mail, and returns what that was. If it returns an error, the mail has to be kept, and given to it
// again later.
func (s *Service) Receive(ctx context.Context, m Mail) (db.MailOutcome, error) {
	id := store.DerivedID("mail", string(m.Raw))
	// A mail that makes the program panic would do so again after each restart, as the doors keep it.
	outcome, err := eventlog.Guard(func() (db.MailOutcome, error) { return s.receiveOnce(ctx, id, m) })
	if err != nil {
		return "", fmt.Errorf("cannot receive mail %s: %w", id, err)
	}
	return outcome, nil
}

// receiveOnce does what follows from a mail, unless that has been done.
func (s *Service) receiveOnce(ctx context.Context, id store.ID, m Mail) (db.MailOutcome, error) {
	known, found, err := s.db.Received(ctx, id)
	if err != nil {
		return "", err
	}
	if found {
		return known.Outcome, nil
	}
	parsed := s.parser.Parse(m.Raw)
	if m.NullSender && parsed.Automatic == "" {
		parsed.Automatic = message.AutomaticMail
	}
	received, err := s.receive(ctx, s.incoming(id, m, parsed), parsed)
	if err != nil {
		return "", err
	}
	attributes := []any{"mail", id.String(), "outcome", string(received.Outcome)}
	if received.TicketID != nil {
		attributes = append(attributes, "ticket", received.TicketID.String())
	}
	if received.Reason != "" {
		attributes = append(attributes, "reason", received.Reason)
	}
	s.log.Info("mail received", attributes...)
	return received.Outcome, nil
}

func (s *Service) receive(ctx context.Context, in db.IncomingMail, parsed *message.Message) (*db.ReceivedMail, error) {
	switch {
	case s.isOwn(parsed.From.Email):
		return s.db.IgnoreMail(ctx, in, db.MailIgnored, "it comes from this server's own address")
	case parsed.Bounce == nil:
		return s.db.ReceiveMail(ctx, in, s.config.Unknown)
	}
	known, err := s.db.ReportBounce(ctx, parsed.Bounce.MessageID, strings.Join(parsed.Bounce.Diagnostics, "; "))
	if err != nil {
		return nil, err
	}
	reason := ""
	if !known {
		reason = "no message of this server is known to have come back"
	}
	return s.db.IgnoreMail(ctx, in, db.MailBounced, reason)
}

// maxHeader is how much of a mail that is too large is read.
const maxHeader = 64 << 10

// refuseLarge records a mail that is too large, once, by its beginning; there is no record without one.
func (s *Service) refuseLarge(ctx context.Context, beginning []byte) {
	header := beginning[:min(len(beginning), maxHeader)]
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		header, _, _ = bytes.Cut(header, []byte(end))
	}
	parsed := s.parser.Parse(header)
	s.log.Warn("mail is too large", slog.String("from", parsed.From.Email))
	if len(header) == 0 {
		return
	}
	in := s.incoming(store.DerivedID("mail that is too large", string(header)), Mail{Raw: beginning}, parsed)
	if _, err := s.db.IgnoreMail(ctx, in, db.MailRejected, "it is too large"); err != nil {
		s.log.Error("a mail that is too large can't be recorded", slog.Any("error", err))
	}
}

// isOwn reports whether an address is one that this server receives mail at.
func (s *Service) isOwn(email string) bool {
	sender, err := mail.ParseAddress(s.config.Sender)
	return s.config.Inbox.Is(email) || err == nil && db.SameAddress(sender.Address, email)
}

// incoming returns what tickets need to know of a mail.
func (s *Service) incoming(id store.ID, m Mail, parsed *message.Message) db.IncomingMail {
	in := db.IncomingMail{
		ID: id, MessageID: parsed.ID, Answers: append(parsed.InReplyTo, parsed.References...),
		FromEmail: parsed.From.Email, FromName: parsed.From.Name, Subject: parsed.Subject, Text: parsed.Text, HTML: parsed.HTML,
		Automatic: string(parsed.Automatic), Problem: parsed.Problem, Raw: m.Raw,
		Reply: parsed.Automatic == message.AutomaticReply || parsed.Automatic == message.AutomaticBounce,
	}
	switch parsed.Authenticity(s.config.AuthservID) {
	case message.Proved:
		in.Verification = db.VerifiedSender
	case message.Refuted:
		in.Verification = db.RefutedSender
	}
	received := append(m.Recipients, parsed.DeliveredTo...)
	for _, to := range slices.Concat(received, parsed.Addressees) {
		if token := s.config.Inbox.Token(to); token != "" {
			in.Tokens = append(in.Tokens, token)
		}
	}
	for _, to := range parsed.Addressees {
		same := func(other string) bool { return db.SameAddress(other, to) }
		if !s.isOwn(to) && !slices.ContainsFunc(received, same) { // an address that is forwarded here is one of ours, too
			in.CopiedTo = append(in.CopiedTo, to)
		}
	}
	for _, a := range parsed.Attachments {
		in.Files = append(in.Files, db.MailFile{Name: a.Name, ContentType: a.ContentType, ContentID: a.ContentID, Content: a.Content})
	}
	return in
}
