package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"crm/db"
	"crm/inbound/message"
)

// The limits of a session of SMTP.
const (
	sessionTimeout = 5 * time.Minute
	maxRecipients  = 100
	maxLine        = 8 << 10
)

// SMTPServer is the door for a mail server that hands mail on.
type SMTPServer struct {
	server  *smtp.Server
	service *Service
}

// NewSMTPServer returns the door for SMTP, or for LMTP if that is set.
func (s *Service) NewSMTPServer(lmtp bool) *SMTPServer {
	door := &SMTPServer{service: s}
	door.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{door: door}, nil }))
	door.server.LMTP = lmtp
	door.server.Domain = s.config.Inbox.Domain()
	if door.server.Domain == "" {
		door.server.Domain = "localhost"
	}
	door.server.MaxMessageBytes, door.server.MaxRecipients, door.server.MaxLineLength = message.MaxBytes, maxRecipients, maxLine
	door.server.ReadTimeout, door.server.WriteTimeout = sessionTimeout, sessionTimeout
	door.server.EnableSMTPUTF8 = true
	door.server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)
	return door
}

// Serve accepts mail until ctx is done, and returns when the mail under way is received.
func (d *SMTPServer) Serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionTimeout)
		defer cancel()
		_ = d.server.Shutdown(grace)
	})
	defer stop()
	if err := d.server.Serve(listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("cannot serve SMTP: %w", err)
	}
	return nil
}

// session is a session of SMTP.
type session struct {
	door *SMTPServer
	mail Mail
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = Mail{NullSender: from == ""}
	return nil
}

// Rcpt implements smtp.Session. Only mail to the inbox, and reports to the sender of the server's mail, are accepted: others have to
// be told that there is nobody.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !s.door.service.isOwn(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "there is no such mailbox here"}
	}
	s.mail.Recipients = append(s.mail.Recipients, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // of go-smtp: too large, or the connection
	}
	s.mail.Raw = raw
	outcome, err := s.door.service.Receive(context.Background(), s.mail)
	switch {
	case err != nil:
		s.door.service.log.Error("mail can't be received now", slog.Any("error", err))
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the mail can't be received now; try again"}
	case outcome == db.MailRejected:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "the sender isn't known"}
	}
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.mail = Mail{} }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
