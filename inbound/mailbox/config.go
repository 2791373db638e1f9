// Package mailbox reads a mailbox at a mail server by IMAP. It deletes nothing there.
package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"crm/auth/mailtoken"
	"crm/config"
)

// implicitTLSPort is the port where a server expects TLS from the first byte (RFC 8314).
const implicitTLSPort = 993

// Config says which mailbox is read.
type Config struct {
	// Host is the mail server; nothing is read if it is empty.
	Host string
	Port int
	// TLS is ImplicitTLS on port 993 if it is automatic, and elsewhere RequireSTARTTLS.
	TLS            config.TLSMode
	User, Password string
	// OAuth says where access tokens come from. There may be a password as well.
	OAuth mailtoken.Config
	// Folder is read; what has been read is moved to DoneFolder, unless that is empty.
	Folder, DoneFolder string
	// RootCAs are the trusted roots of the server's certificate; nil means those of the system.
	RootCAs *x509.CertPool
}

// Settings declares the variables that set the configuration.
func (c *Config) Settings() []config.Setting {
	return slices.Concat([]config.Setting{
		{Name: "IMAP_HOST", Value: config.MailHost(&c.Host), Description: "read the mail of a mailbox at this mail server"},
		{Name: "IMAP_PORT", Value: config.Port(&c.Port, 1), Default: "993", Description: "its port"},
		{
			Name: "IMAP_TLS", Value: config.MailTLS(&c.TLS), Otherwise: "`implicit` on port 993, else `starttls`",
			Description: "`implicit` uses TLS from the first byte, `starttls` requires it, `none` uses none",
		},
		{Name: "IMAP_USER", Value: config.Text(&c.User, "name"), Otherwise: "required with `IMAP_HOST`", Description: "the account"},
		{Name: "IMAP_PASSWORD", Value: config.Text(&c.Password, "password"), Secret: true, Description: "its password, at Google and others one for this application"},
	}, c.OAuth.Settings("IMAP"), []config.Setting{
		{Name: "IMAP_FOLDER", Value: config.Text(&c.Folder, "folder"), Default: "INBOX", Description: "the folder to read"},
		{
			Name: "IMAP_DONE_FOLDER", Value: config.Text(&c.DoneFolder, "folder"), Otherwise: "mail stays where it is",
			Description: "where mail is moved that has been received; the folder must exist",
		},
	})
}

// Check calls wrong for each variable that is wrong, given the others.
func (c *Config) Check(wrong func(variable string, err error)) {
	if c.Host == "" {
		return
	}
	c.OAuth.Check("IMAP", wrong)
	switch {
	case c.User == "":
		wrong("IMAP_USER", errors.New("must be set if IMAP_HOST is"))
	case c.Password == "" && !c.OAuth.IsSet():
		wrong("IMAP_PASSWORD", errors.New("must be set if IMAP_HOST is, or else IMAP_OAUTH_TOKEN or IMAP_OAUTH_TOKEN_COMMAND"))
	case strings.ContainsAny(c.User, "\x00\x01\r\n"):
		wrong("IMAP_USER", errors.New("must not contain control characters"))
	case c.DoneFolder != "" && c.DoneFolder == c.Folder:
		wrong("IMAP_DONE_FOLDER", errors.New("must be another folder than IMAP_FOLDER"))
	}
}

// mode returns how the connection is encrypted.
func (c Config) mode() config.TLSMode {
	if c.TLS == config.AutomaticTLS && c.Port != implicitTLSPort {
		return config.RequireSTARTTLS
	}
	return cmp.Or(c.TLS, config.ImplicitTLS)
}

func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

func (c Config) tls() *tls.Config {
	return &tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
}

// dialTime is how long connecting may take.
const dialTime = 30 * time.Second

// dial connects to the mail server, until ctx is done.
func (c Config) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTime}
	if c.mode() != config.ImplicitTLS {
		return dialer.DialContext(ctx, "tcp", c.address())
	}
	secured := c.tls()
	secured.NextProtos = []string{"imap"}
	return (&tls.Dialer{NetDialer: dialer, Config: secured}).DialContext(ctx, "tcp", c.address())
}
