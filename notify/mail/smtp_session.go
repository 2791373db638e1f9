package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"strings"
)

// authenticate logs in, provided that nobody but the server can see the password.
func (s *SMTP) authenticate(client *smtp.Client, secure bool) error {
	if !secure && !isLocal(s.config.Host) {
		return fmt.Errorf("cannot log in to the mail server: %s offers no TLS, and the password is not sent without it",
			s.config.Host)
	}
	if offered, _ := client.Extension("AUTH"); !offered {
		return errors.New("cannot log in to the mail server: it doesn't offer AUTH")
	}
	auth := smtp.PlainAuth("", s.config.Username, s.config.Password, s.config.Host)
	if err := client.Auth(auth); err != nil {
		return fmt.Errorf("cannot log in to the mail server: %w", s.redact(err))
	}
	return nil
}

// isLocal reports whether a host is this machine, by the same rule as net/smtp.
func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// redact removes the password from a server's reply to it.
func (s *SMTP) redact(err error) error {
	text := err.Error()
	encode := base64.StdEncoding.EncodeToString
	for _, secret := range []string{
		encode([]byte("\x00" + s.config.Username + "\x00" + s.config.Password)),
		encode([]byte(s.config.Password)),
		s.config.Password,
	} {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return errors.New(text)
}

// transfer transfers one message to the server.
func (s *SMTP) transfer(client *smtp.Client, recipient string, message []byte) error {
	if offered, _ := client.Extension("SMTPUTF8"); !offered && !isASCII(recipient) {
		return &PermanentError{errors.New("the mail server accepts only ASCII addresses")}
	}
	if err := client.Mail(s.from.Address); err != nil {
		return refused("the sender", err)
	}
	if err := client.Rcpt(recipient); err != nil {
		return refused("the recipient", err)
	}
	writer, err := client.Data()
	if err != nil {
		return refused("the message", err)
	}
	if _, err := writer.Write(message); err != nil {
		return fmt.Errorf("cannot transfer the message: %w", err)
	}
	if err := writer.Close(); err != nil {
		return refused("the message", err)
	}
	return nil
}

// refused returns the error for a part of the mail that the server refused. It is permanent if the server says so,
// unless the server requires a log-in (RFC 4954), which the operator can fix.
func refused(part string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return fmt.Errorf("cannot transfer %s: %w", part, err)
	}
	err = fmt.Errorf("the mail server refused %s: %w", part, err)
	switch {
	case reply.Code == 530 || reply.Code == 534 || reply.Code == 535 || reply.Code == 538:
		return err
	case reply.Code >= 500 && reply.Code <= 599:
		return &PermanentError{err}
	}
	return err
}
