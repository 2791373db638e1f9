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
		return &SenderError{fmt.Errorf("cannot log in to the mail server: %s offers no TLS, and the password is not sent without it",
			s.config.Host)}
	}
	if offered, _ := client.Extension("AUTH"); !offered {
		return &SenderError{errors.New("cannot log in to the mail server: it doesn't offer AUTH")}
	}
	auth := smtp.PlainAuth("", s.config.Username, s.config.Password, s.config.Host)
	if err := client.Auth(auth); err != nil {
		return refusedSender("the log-in", s.redact(err))
	}
	return nil
}

// isLocal reports whether a host is this machine, by the same rule as net/smtp.
func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// redact removes the password from a server's reply to it.
func (s *SMTP) redact(err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return err
	}
	text := reply.Msg
	encode := base64.StdEncoding.EncodeToString
	for _, secret := range []string{
		encode([]byte("\x00" + s.config.Username + "\x00" + s.config.Password)),
		encode([]byte(s.config.Password)),
		s.config.Password,
	} {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return &textproto.Error{Code: reply.Code, Msg: text}
}
