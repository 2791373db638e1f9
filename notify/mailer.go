package notify

import (
	"context"

	"crm/db"
)

// Mailer sends mail.
type Mailer interface {
	// Send sends one delivery's message and returns nil once somebody else has taken responsibility for it. An error is
	// a *PermanentError if no other try will help. Send ends soon after ctx does.
	Send(ctx context.Context, delivery *db.Delivery) error
}

// NewMailer returns the Mailer that config asks for: an SMTP, or a DevelopmentMailer if there is no Host.
func NewMailer(config SMTPConfig) (Mailer, error) {
	if config.Host == "" {
		return DevelopmentMailer{}, nil
	}
	mailer, err := NewSMTP(config)
	if err != nil {
		return nil, err // not mailer, which as a Mailer wouldn't be nil
	}
	return mailer, nil
}

// PermanentError says that a message can't be sent, however often it is tried.
type PermanentError struct{ Err error }

// Error returns what the cause says.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// DevelopmentMailer sends nothing: the mail stays in the store as sent, where Mailbox shows it.
type DevelopmentMailer struct{}

// Send implements Mailer.
func (DevelopmentMailer) Send(context.Context, *db.Delivery) error { return nil }
