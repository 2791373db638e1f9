package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"strconv"
)

// implicitTLSPort is the port where a server expects TLS from the first byte (RFC 8314).
const implicitTLSPort = 465

// SMTPConfig configures the server that sends the mail.
type SMTPConfig struct {
	Host string
	Port int
	// From is the sender's address, with or without a display name.
	From string
	// Username defaults to From's address.
	Username string
	// Password is empty if the server needs none.
	Password string
	// RootCAs are the trusted roots of the server's certificate; nil means those of the system.
	RootCAs *x509.CertPool
}

// SMTP is a Mailer that sends mail through an SMTP server, over TLS if the server offers it.
type SMTP struct {
	config   SMTPConfig
	from     *mail.Address
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	timeouts timeouts
}

// NewSMTP returns a Mailer for the server that config names, without connecting to it. It fails if config is wrong.
func NewSMTP(config SMTPConfig) (*SMTP, error) {
	from, err := mail.ParseAddress(config.From)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the sender's address: %w", err)
	}
	if err := CheckAddress(from.Address); err != nil {
		return nil, fmt.Errorf("cannot send from %q: %w", from.Address, err)
	}
	if !isASCII(from.Address) {
		return nil, fmt.Errorf("cannot send from %q: the address is not ASCII", from.Address)
	}
	if config.Host == "" || config.Port < 1 || config.Port > 65535 {
		return nil, fmt.Errorf("cannot send through %q, port %d: that is not a server", config.Host, config.Port)
	}
	if config.Username == "" {
		config.Username = from.Address
	}
	return &SMTP{config: config, from: from, dial: new(net.Dialer).DialContext, timeouts: standardTimeouts()}, nil
}

// Send implements Mailer.
func (s *SMTP) Send(ctx context.Context, message *Message) error {
	raw, err := s.compose(message)
	if err != nil {
		return &PermanentError{err}
	}
	if err := s.send(ctx, message.Recipient, raw); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
		return err
	}
	return nil
}

func (s *SMTP) send(ctx context.Context, recipient string, message []byte) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("cannot connect to the mail server: %w", err)
	}
	defer conn.Close()
	// net/smtp has no contexts: closing the connection ends whatever it waits for.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	session := &session{smtp: s, conn: conn}
	if err := session.open(); err != nil {
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
