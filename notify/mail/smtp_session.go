package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"slices"
	"time"

	"crm/config"
	"crm/db/address"
)

// session is the dialogue with a server over one connection.
type session struct {
	smtp   *SMTP
	conn   net.Conn
	client *smtp.Client
}

// timeouts are how long to wait for a server at each step.
type timeouts struct {
	connect, command, data, block, acceptance time.Duration
}

// standardTimeouts returns the timeouts of RFC 5321, 4.5.3.2, which has none for connecting. The longest is for the reply
// after the message: a server may do much before it accepts one, and a client that doesn't wait sends it twice.
func standardTimeouts() timeouts {
	return timeouts{
		connect: time.Minute, command: 5 * time.Minute, data: 2 * time.Minute, block: 3 * time.Minute,
		acceptance: 10 * time.Minute,
	}
}

var errSlow = errors.New("the mail server takes too long")

// within runs a step of the session, which fails when its time is over.
func (s *session) within(timeout time.Duration, step func() error) error {
	if err := s.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	err := step()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}

// open begins the session, encrypts it as configured, and logs in if there is a password or a token.
func (s *session) open(ctx context.Context) error {
	secure, err := s.greet()
	if err != nil {
		return refusedSender("the connection", err)
	}
	if !secure && s.smtp.config.TLS != config.NoTLS {
		if secure, err = s.startTLS(); err != nil {
			return err
		}
	}
	if !s.smtp.config.logsIn() {
		return nil
	}
	return s.logIn(ctx, secure)
}

// startTLS encrypts the session if the server offers that; secure says that it did.
func (s *session) startTLS() (secure bool, err error) {
	if offered, _ := s.client.Extension("STARTTLS"); !offered {
		if s.smtp.config.TLS == config.RequireSTARTTLS {
			return false, &SenderError{errors.New("the mail server doesn't offer STARTTLS, which SMTP_TLS requires")}
		}
		return false, nil
	}
	if err := s.within(s.smtp.timeouts.command, func() error { return s.client.StartTLS(s.smtp.tls()) }); err != nil {
		return false, refusedSender("STARTTLS", err)
	}
	return true, nil
}

// greet exchanges greetings with the server; secure says that this was over TLS.
func (s *session) greet() (secure bool, err error) {
	conn := s.conn
	if s.smtp.config.implicit() {
		encrypted := tls.Client(s.conn, s.smtp.tls())
		if err := s.within(s.smtp.timeouts.command, encrypted.Handshake); err != nil {
			return false, err
		}
		conn, secure = encrypted, true
	}
	err = s.within(s.smtp.timeouts.command, func() (err error) {
		s.client, err = smtp.NewClient(conn, s.smtp.config.Host)
		return err
	})
	if err != nil {
		return false, err
	}
	return secure, s.within(s.smtp.timeouts.command, func() error { return s.client.Hello(literal(s.conn.LocalAddr())) })
}

// transfer transfers one message to the server.
func (s *session) transfer(recipient address.Address, message []byte) error {
	if offered, _ := s.client.Extension("SMTPUTF8"); !offered && recipient.NeedsUTF8() {
		return &PermanentError{errors.New("the mail server accepts only addresses whose part before the @ is ASCII")}
	}
	if err := s.within(s.smtp.timeouts.command, func() error { return s.from(recipient.NeedsUTF8()) }); err != nil {
		return refusedSender("the sender", err)
	}
	if err := s.within(s.smtp.timeouts.command, func() error { return s.client.Rcpt(recipient.Mailbox()) }); err != nil {
		return refused("the recipient", err)
	}
	return s.data(message)
}

// from names the sender. net/smtp would ask every server that knows SMTPUTF8 for it, and such a server may then refuse to
// pass the message on to one that doesn't.
func (s *session) from(utf8 bool) error {
	parameters := ""
	if utf8 {
		parameters = " BODY=8BITMIME SMTPUTF8"
	}
	id, err := s.client.Text.Cmd("MAIL FROM:<%s>%s", s.smtp.from.Address, parameters)
	if err != nil {
		return err
	}
	s.client.Text.StartResponse(id)
	defer s.client.Text.EndResponse(id)
	_, _, err = s.client.Text.ReadResponse(250)
	return err
}

// blockSize is how much of a message is transferred within one timeout.
const blockSize = 64 << 10

// data transfers the text of a message.
func (s *session) data(message []byte) error {
	var body io.WriteCloser
	err := s.within(s.smtp.timeouts.data, func() (err error) {
		body, err = s.client.Data()
		return err
	})
	if err != nil {
		return refused("the message", err)
	}
	for block := range slices.Chunk(message, blockSize) {
		err := s.within(s.smtp.timeouts.block, func() error {
			_, err := body.Write(block)
			return err
		})
		if err != nil {
			return refused("the message", err)
		}
	}
	if err := s.within(s.smtp.timeouts.acceptance, body.Close); err != nil {
		return refused("the message", err)
	}
	return nil
}

// quit ends the session. The server has accepted the message, whatever it replies.
func (s *session) quit() { _ = s.within(time.Second, s.client.Quit) }
