package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"crm/auth/mailtoken"
	"crm/config"
	"crm/db/address"
)

// SMTP is a Mailer that sends mail through an SMTP server.
type SMTP struct {
	config SMTPConfig
	from   mailbox
	// replies is the mailbox that all replies go to; it has no address if the operator names none.
	replies  mailbox
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	timeouts timeouts
	tokens   *mailtoken.Source
}

// NewSMTP returns a Mailer for a server, without connecting to it. It fails if the configuration is wrong.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	var wrong []error
	c.Check(func(variable string, err error) { wrong = append(wrong, fmt.Errorf("%s: %w", variable, err)) })
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	host, err := config.ParseMailHost(c.Host)
	if err != nil {
		return nil, fmt.Errorf("SMTP_HOST: %w", err)
	}
	from, err := parseMailbox(c.From)
	if err != nil {
		return nil, fmt.Errorf("SMTP_MAIL: %w", err)
	}
	from.Name = cmp.Or(from.Name, c.FromName)
	var replies mailbox
	if c.ReplyTo != "" {
		if replies, err = parseMailbox(c.ReplyTo); err != nil {
			return nil, fmt.Errorf("SMTP_REPLY_TO: %w", err)
		}
	}
	c.Host, c.Username = host, cmp.Or(c.Username, from.Address)
	return &SMTP{
		config: c, from: from, replies: replies, dial: new(net.Dialer).DialContext, timeouts: standardTimeouts(),
		tokens: mailtoken.NewSource("SMTP", c.OAuth),
	}, nil
}

// Send implements Mailer.
func (s *SMTP) Send(ctx context.Context, message *Message) error {
	recipient, err := address.Parse(message.Recipient)
	if err != nil {
		return &PermanentError{fmt.Errorf("cannot send to this address: it %w", err)}
	}
	raw, err := s.compose(message, recipient)
	if err != nil {
		return &PermanentError{err}
	}
	if err := s.send(ctx, recipient, raw); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
		return err
	}
	return nil
}

func (s *SMTP) send(ctx context.Context, recipient address.Address, message []byte) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("cannot connect to the mail server: %w", err)
	}
	defer conn.Close()
	// net/smtp has no contexts: closing the connection ends whatever it waits for.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	session := &session{smtp: s, conn: conn}
	if err := session.open(ctx); err != nil {
		return err
	}
	if err := session.transfer(recipient, message); err != nil {
		return err
	}
	session.quit()
	return nil
}

func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeouts.connect, errSlow)
	defer cancel()
	return s.dial(ctx, "tcp", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, RootCAs: s.config.RootCAs, MinVersion: tls.VersionTLS12}
}

// literal returns the name that a client without a domain gives in EHLO (RFC 5321, 4.1.3). Some servers reject
// "localhost".
func literal(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case tcp.IP.To4() != nil:
		return "[" + tcp.IP.To4().String() + "]"
	}
	return "[IPv6:" + tcp.IP.String() + "]"
}
