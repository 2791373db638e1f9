// Package mail sends messages by mail. It knows neither why a message is sent nor where it is stored.
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

// Message is a message to one recipient. Its texts are untrusted: a Mailer sanitizes them.
type Message struct {
	// ID is the RFC 5322 Message-ID without its angle brackets.
	ID string
	// Recipient is the address, RecipientName the display name.
	Recipient     string
	RecipientName string
	Subject       string
	Text          string
	HTML          string
	// Date is when the message was composed; it is the same for every attempt to send it.
	Date time.Time
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

// PermanentError says that a message can never be sent.
type PermanentError struct{ Err error }

// Error returns the text of the cause.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// Development is a Mailer that sends nothing and reports success; the store still holds the messages.
type Development struct{}

// Send implements Mailer.
func (Development) Send(context.Context, *Message) error { return nil }
