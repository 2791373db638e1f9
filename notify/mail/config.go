package mail

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"crm/db/address"
)

// implicitTLSPort is the port where a server expects TLS from the first byte (RFC 8314).
const implicitTLSPort = 465

// TLSMode is how a session with the mail server is encrypted.
type TLSMode string

// The modes, as SMTP_TLS names them.
const (
	// AutomaticTLS is ImplicitTLS on port 465, and elsewhere STARTTLS if the server offers it.
	AutomaticTLS TLSMode = ""
	// RequireSTARTTLS sends nothing to a server that doesn't offer STARTTLS.
	RequireSTARTTLS TLSMode = "starttls"
	// ImplicitTLS is TLS from the first byte.
	ImplicitTLS TLSMode = "implicit"
	// NoTLS encrypts nothing.
	NoTLS TLSMode = "none"
)

// SMTPConfig configures the server that sends the mail.
type SMTPConfig struct {
	Host string
	Port int
	TLS  TLSMode
	// From is the sender's address, with or without a display name; FromName is the name if it has none.
	From     string
	FromName string
	// ReplyTo is the address that all replies go to, with or without a display name. If it is empty, each message says where
	// they go.
	ReplyTo string
	// Username defaults to From's address.
	Username string
	// Password is empty if the server needs none.
	Password string
	// Token is an OAuth access token, in place of a password or beside one, and TokenCommand a shell command that prints
	// one. At most one of them is given.
	Token        string
	TokenCommand string
	// RootCAs are the trusted roots of the server's certificate; nil means those of the system.
	RootCAs *x509.CertPool
}

// ReadSMTPConfig reads the configuration from environment variables. The error has a line for each wrong variable, with its
// name.
func ReadSMTPConfig(variable func(name string) string) (SMTPConfig, error) {
	c := SMTPConfig{
		Host: variable("SMTP_HOST"), TLS: TLSMode(variable("SMTP_TLS")), From: variable("SMTP_MAIL"),
		ReplyTo:  variable("SMTP_REPLY_TO"),
		Username: variable("SMTP_USER"), Password: variable("SMTP_PASSWORD"),
		Token: variable("SMTP_OAUTH_TOKEN"), TokenCommand: variable("SMTP_OAUTH_TOKEN_COMMAND"),
	}
	if c.Host == "" && c.From == "" {
		c.From = "crm@localhost" // in messages that are kept
	}
	port, err := strconv.ParseUint(cmp.Or(variable("SMTP_PORT"), "587"), 10, 16)
	if err != nil {
		c.Port = 587
		return c, errors.Join(fmt.Errorf("SMTP_PORT: must be a port number, not %q", variable("SMTP_PORT")), c.check())
	}
	c.Port = int(port)
	return c, c.check()
}

// check returns what is wrong with a configuration, a line with its name for each variable. Most of it matters only if there
// is a server.
func (c SMTPConfig) check() error {
	var errs []error
	add := func(variable string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", variable, err))
		}
	}
	_, err := parseMailbox(c.From)
	add("SMTP_MAIL", err)
	if c.ReplyTo != "" {
		_, err := parseMailbox(c.ReplyTo)
		add("SMTP_REPLY_TO", err)
	}
	if c.Port < 1 || c.Port > 65535 {
		add("SMTP_PORT", fmt.Errorf("must be a port number from 1 to 65535, not %d", c.Port))
	}
	if !slices.Contains([]TLSMode{AutomaticTLS, RequireSTARTTLS, ImplicitTLS, NoTLS}, c.TLS) {
		add("SMTP_TLS", fmt.Errorf("must be starttls, implicit or none, not %q", string(c.TLS)))
	}
	if c.Host != "" {
		_, err := parseHost(c.Host)
		add("SMTP_HOST", err)
		c.checkAccount(add)
	}
	return errors.Join(errs...)
}

// checkAccount adds what is wrong with the account at the mail server.
func (c SMTPConfig) checkAccount(add func(variable string, err error)) {
	if c.Token != "" && c.TokenCommand != "" {
		add("SMTP_OAUTH_TOKEN, SMTP_OAUTH_TOKEN_COMMAND", errors.New("only one of them can be used"))
	}
	switch {
	case c.Username != "" && !c.logsIn():
		add("SMTP_USER", errors.New("needs SMTP_PASSWORD, SMTP_OAUTH_TOKEN or SMTP_OAUTH_TOKEN_COMMAND beside it"))
	case strings.ContainsAny(c.Username, "\x00\x01\r\n"):
		add("SMTP_USER", errors.New("must not contain control characters"))
	}
}

// logsIn reports whether the server is logged in to.
func (c SMTPConfig) logsIn() bool { return c.Password != "" || c.Token != "" || c.TokenCommand != "" }

// implicit reports whether sessions begin with TLS.
func (c SMTPConfig) implicit() bool {
	return c.TLS == ImplicitTLS || c.TLS == AutomaticTLS && c.Port == implicitTLSPort
}

// hostName matches host names, also those of containers, which may have underscores.
var hostName = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*([a-z0-9_-]*[a-z_][a-z0-9_-]*)\.?$`)

// parseHost returns a host as it is dialled: a name in ASCII, or an IP address.
func parseHost(text string) (string, error) {
	if address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return address.String(), nil
	}
	host, err := idna.Lookup.ToASCII(text)
	if err != nil {
		host = strings.ToLower(text) // perhaps with an underscore
	}
	if !hostName.MatchString(host) {
		return "", fmt.Errorf("must be the name or the IP address of a mail server, such as smtp.example.com, without a port, "+
			"a scheme or spaces, not %q", text)
	}
	return host, nil
}

// mailbox is an address of the operator, and the name to display with it.
type mailbox struct{ Name, Address string }

// parseMailbox parses an address of the operator, with or without a display name.
func parseMailbox(text string) (mailbox, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return mailbox{}, fmt.Errorf("must be an address such as CRM <crm@example.com>, not %q: %w", text, err)
	}
	from, err := address.Parse(parsed.Address)
	switch {
	case err != nil:
		return mailbox{}, fmt.Errorf("%w, not %q", err, text)
	case from.NeedsUTF8():
		return mailbox{}, fmt.Errorf("must be ASCII before the @, as some mail servers require, not %q", text)
	}
	return mailbox{parsed.Name, from.Mailbox()}, nil
}

// Domain returns the domain of the sender's address, for Message-IDs.
func Domain(from string) string {
	sender, err := parseMailbox(from)
	if err != nil {
		return "localhost"
	}
	return sender.Address[strings.LastIndexByte(sender.Address, '@')+1:]
}
