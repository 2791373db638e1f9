package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"strconv"
	"time"
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
	// Timeout bounds sending one message; zero means a minute.
	Timeout time.Duration
}

// SMTP is a Mailer that sends mail through an SMTP server, over TLS if the server offers it.
type SMTP struct {
	config SMTPConfig
	from   *mail.Address
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
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
	if config.Timeout == 0 {
		config.Timeout = time.Minute
	}
	return &SMTP{config: config, from: from, dial: new(net.Dialer).DialContext}, nil
}

// Send implements Mailer.
func (s *SMTP) Send(ctx context.Context, message *Message) error {
	raw, err := s.compose(message)
	if err != nil {
		return &PermanentError{err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.config.Timeout, errors.New("the mail server takes too long"))
	defer cancel()
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
	// net/smtp has no contexts: a deadline in the past ends whatever it waits for.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	client, err := s.greet(conn)
	if err != nil {
		return err
	}
	if err := s.transfer(client, recipient, message); err != nil {
		return err
	}
	// The server has accepted the mail, whatever it replies to QUIT.
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_ = client.Quit()
	return nil
}

func (s *SMTP) connect(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx, "tcp", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
	if err != nil || s.config.Port != implicitTLSPort {
		return conn, err
	}
	secure := tls.Client(conn, s.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, RootCAs: s.config.RootCAs, MinVersion: tls.VersionTLS12}
}

// greet opens the session, over TLS if the server offers it, and logs in if there is a password.
func (s *SMTP) greet(conn net.Conn) (*smtp.Client, error) {
	client, err := smtp.NewClient(conn, s.config.Host)
	if err != nil {
		return nil, fmt.Errorf("cannot open a mail session: %w", err)
	}
	if err := client.Hello(literal(conn.LocalAddr())); err != nil {
		return nil, fmt.Errorf("cannot open a mail session: %w", err)
	}
	_, secure := conn.(*tls.Conn)
	if offered, _ := client.Extension("STARTTLS"); offered && !secure {
		if err := client.StartTLS(s.tls()); err != nil {
			return nil, fmt.Errorf("cannot secure the mail session: %w", err)
		}
		secure = true
	}
	if s.config.Password == "" {
		return client, nil
	}
	return client, s.authenticate(client, secure)
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
