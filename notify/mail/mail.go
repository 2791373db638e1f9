// Package mail sends messages by mail. It knows neither why a message is sent nor where it is stored.
package mail

import (
	"context"
	"errors"
	"time"
)

// Mailer sends mail.
type Mailer interface {
	// Send sends a message and returns nil once another server has taken responsibility for it. The error is a
	// *PermanentError if trying again won't help, a *SenderError if it helps once the operator has mended something, and
	// ErrKept if there is no mail server. Send returns soon after ctx is done.
	Send(ctx context.Context, message *Message) error
}

// Message is a message to one recipient. Its texts are untrusted: a Mailer sanitizes them.
type Message struct {
	// ID is the RFC 5322 Message-ID without its angle brackets.
	ID string
	// Thread is the Message-ID that the messages of one thread refer to; empty if the message stands alone.
	Thread string
	// Answers is the Message-ID of the message that it answers; empty if that is Thread.
	Answers string
	// FromName is the name that it comes from; empty for the sender's own.
	FromName string
	// Recipient is the address, RecipientName the display name.
	Recipient     string
	RecipientName string
	// To is the address that it is to, if that isn't the recipient, who then gets a copy, and ToName the display name. Cc are all who get
	// one, as everybody sees.
	To     string
	ToName string
	Cc     []string
	// ReplyTo is the address that replies go to, if it isn't the sender's, and ReplyToName the display name.
	ReplyTo     string
	ReplyToName string
	// KeepReplyTo says that ReplyTo counts even if the operator has named one for all messages.
	KeepReplyTo bool
	// ByPerson says that it brings what a person wrote, so that it isn't marked as automatic (RFC 3834, 5).
	ByPerson bool
	Subject  string
	Text     string
	HTML     string
	Files    []File
	// Date is when the message was composed; it is the same for every attempt to send it.
	Date time.Time
}

// File is a file that a message brings.
type File struct {
	Name, ContentType string
	Content           []byte
}

// New returns the Mailer for config: an SMTP, or a Development if there is no Host.
func New(config SMTPConfig) (Mailer, error) {
	if config.Host == "" {
		return Development{}, nil
	}
	mailer, err := NewSMTP(config)
	if err != nil {
		return nil, err // not mailer: a nil *SMTP would be a Mailer that isn't nil
	}
	return mailer, nil
}

// ErrKept is returned for a message that is kept, because there is no mail server to send it.
var ErrKept = errors.New("there is no mail server")

// Development is a Mailer without a mail server: it keeps every message, which the store still holds.
type Development struct{}

// Send implements Mailer.
func (Development) Send(context.Context, *Message) error { return ErrKept }
