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
	// From is the sender's address, with or without a display name.
	From string
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

// ReadSMTPConfig reads the configuration from environment variables. The error names the wrong variable.
func ReadSMTPConfig(variable func(name string) string) (SMTPConfig, error) {
	c := SMTPConfig{
		Host: variable("SMTP_HOST"), TLS: TLSMode(variable("SMTP_TLS")), From: variable("SMTP_MAIL"),
		Username: variable("SMTP_USER"), Password: variable("SMTP_PASSWORD"),
		Token: variable("SMTP_OAUTH_TOKEN"), TokenCommand: variable("SMTP_OAUTH_TOKEN_COMMAND"),
	}
	port, err := strconv.ParseUint(cmp.Or(variable("SMTP_PORT"), "587"), 10, 16)
	if err != nil {
		return c, fmt.Errorf("SMTP_PORT: must be a port number, not %q", variable("SMTP_PORT"))
	}
	c.Port = int(port)
	if c.Host == "" && c.From == "" {
		c.From = "crm@localhost" // in messages that are kept
	}
	return c, c.check()
}

// check returns what is wrong with a configuration, with the name of the variable. The rest of it matters only if there is
// a server.
func (c SMTPConfig) check() error {
	if _, err := parseSender(c.From); err != nil {
		return fmt.Errorf("SMTP_MAIL: %w", err)
	}
	if c.Port < 1 || c.Port > 65535 {
		return fmt.Errorf("SMTP_PORT: must be a port number from 1 to 65535, not %d", c.Port)
	}
	if !slices.Contains([]TLSMode{AutomaticTLS, RequireSTARTTLS, ImplicitTLS, NoTLS}, c.TLS) {
		return fmt.Errorf("SMTP_TLS: must be starttls, implicit or none, not %q", string(c.TLS))
	}
	if c.Host == "" {
		return nil
	}
	if _, err := parseHost(c.Host); err != nil {
		return fmt.Errorf("SMTP_HOST: %w", err)
	}
	switch {
	case c.Token != "" && c.TokenCommand != "":
		return errors.New("SMTP_OAUTH_TOKEN, SMTP_OAUTH_TOKEN_COMMAND: only one of them can be used")
	case c.Username != "" && !c.logsIn():
		return errors.New("SMTP_USER: needs SMTP_PASSWORD, SMTP_OAUTH_TOKEN or SMTP_OAUTH_TOKEN_COMMAND beside it")
	case strings.ContainsAny(c.Username, "\x00\x01\r\n"):
		return errors.New("SMTP_USER: must not contain control characters")
	}
	return nil
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

// sender is the address that messages come from, and the name to display with it.
type sender struct{ Name, Address string }

// parseSender parses the sender's address, with or without a display name.
func parseSender(text string) (sender, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return sender{}, fmt.Errorf("must be the sender's address, such as CRM <crm@example.com>, not %q: %w", text, err)
	}
	from, err := address.Parse(parsed.Address)
	switch {
	case err != nil:
		return sender{}, fmt.Errorf("%w, not %q", err, text)
	case from.NeedsUTF8():
		return sender{}, fmt.Errorf("must be ASCII before the @, as some mail servers require, not %q", text)
	}
	return sender{parsed.Name, from.Mailbox()}, nil
}

// Domain returns the domain of the sender's address, for Message-IDs.
func Domain(from string) string {
	sender, err := parseSender(from)
	if err != nil {
		return "localhost"
	}
	return sender.Address[strings.LastIndexByte(sender.Address, '@')+1:]
}
