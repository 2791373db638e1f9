// Package mail sends messages by mail. It knows neither why a message is sent nor where it is kept.
package mail

import (
	"context"
	"time"
)

// Mailer sends mail.
type Mailer interface {
	// Send sends a message and returns nil once another server has taken responsibility for it. The error is a
	// *PermanentError if trying again won't help. Send returns soon after ctx is done.
	Send(ctx context.Context, message *Message) error
}

// Message is a message to one recipient. Its texts may come from anybody: a Mailer makes them harmless.
type Message struct {
	// ID is the RFC 5322 Message-ID without its angle brackets.
	ID string
	// Recipient is the address, RecipientName the name beside it.
	Recipient     string
	RecipientName string
	Subject       string
	Text          string
	HTML          string
	// Date is when the message was written, so that it is the same however often it is sent.
	Date time.Time
}

// New returns the Mailer that config asks for: an SMTP, or a Development if there is no Host.
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

// PermanentError says that a message can't be sent, however often it is tried.
type PermanentError struct{ Err error }

// Error returns the text of the cause.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// Development is a Mailer that sends nothing and reports success, so that messages are only kept where they are.
type Development struct{}

// Send implements Mailer.
func (Development) Send(context.Context, *Message) error { return nil }
