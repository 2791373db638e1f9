package mail

import (
	"crypto/x509"
	"errors"
	"net/mail"
	"strings"

	"crm/auth/mailtoken"
	"crm/config"
	"crm/db/address"
)

// implicitTLSPort is the port where a server expects TLS from the first byte (RFC 8314).
const implicitTLSPort = 465

// SMTPConfig configures the server that sends the mail.
type SMTPConfig struct {
	Host string
	Port int
	TLS  config.TLSMode
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
	// OAuth says where access tokens come from. There may be a password as well.
	OAuth mailtoken.Config
	// RootCAs are the trusted roots of the server's certificate; nil means those of the system.
	RootCAs *x509.CertPool
}

// Settings declares the variables that set the configuration.
func (c *SMTPConfig) Settings() []config.Setting {
	return append([]config.Setting{
		{
			Name: "SMTP_HOST", Value: config.MailHost(&c.Host),
			Description: "the mail server; without one, mail is stored but not sent",
		},
		{Name: "SMTP_PORT", Value: config.Port(&c.Port, 1), Default: "587", Description: "its port"},
		{
			Name: "SMTP_MAIL", Value: config.Parsed(&c.From, "address", checkedMailbox), Otherwise: "required with `SMTP_HOST`",
			Description: "the sender: an address, optionally with a name before it; without a name, `APP_NAME` is used",
		},
		{
			Name: "SMTP_REPLY_TO", Value: config.Parsed(&c.ReplyTo, "address", checkedMailbox), Otherwise: "see below",
			Description: "where replies go: an address, optionally with a name before it",
		},
		{
			Name: "SMTP_TLS", Value: config.MailTLS(&c.TLS), Otherwise: "automatic",
			Description: "`starttls` requires it, `implicit` uses TLS from the first byte, `none` uses none; " +
				"automatic is `implicit` on port 465, elsewhere STARTTLS if it is offered",
		},
		{
			Name: "SMTP_USER", Value: config.Text(&c.Username, "name"), Otherwise: "the address in `SMTP_MAIL`",
			Description: "the account at the mail server; without a password or a token nobody logs in",
		},
		{Name: "SMTP_PASSWORD", Value: config.Text(&c.Password, "password"), Secret: true, Description: "its password"},
	}, c.OAuth.Settings("SMTP")...)
}

// Check calls wrong for each variable that is wrong, given the others.
func (c *SMTPConfig) Check(wrong func(variable string, err error)) {
	if c.Host == "" {
		return
	}
	if c.From == "" {
		wrong("SMTP_MAIL", errors.New("must be set if SMTP_HOST is: an address such as CRM <crm@example.com>"))
	}
	c.OAuth.Check("SMTP", wrong)
	switch {
	case c.Username != "" && !c.logsIn():
		wrong("SMTP_USER", errors.New("needs SMTP_PASSWORD, SMTP_OAUTH_TOKEN or SMTP_OAUTH_TOKEN_COMMAND beside it"))
	case strings.ContainsAny(c.Username, "\x00\x01\r\n"):
		wrong("SMTP_USER", errors.New("must not contain control characters"))
	}
}

// logsIn reports whether the server is logged in to.
func (c SMTPConfig) logsIn() bool { return c.Password != "" || c.OAuth.IsSet() }

// implicit reports whether sessions begin with TLS.
func (c SMTPConfig) implicit() bool {
	return c.TLS == config.ImplicitTLS || c.TLS == config.AutomaticTLS && c.Port == implicitTLSPort
}

// mailbox is an address of the operator, and the name to display with it.
type mailbox struct{ Name, Address string }

// parseMailbox parses an address of the operator, with or without a display name.
func parseMailbox(text string) (mailbox, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return mailbox{}, errors.New("must be an address such as CRM <crm@example.com>")
	}
	from, err := address.Parse(parsed.Address)
	switch {
	case err != nil:
		return mailbox{}, err
	case from.NeedsUTF8():
		return mailbox{}, errors.New("must be ASCII before the @, as some mail servers require")
	}
	return mailbox{parsed.Name, from.Mailbox()}, nil
}

// checkedMailbox returns the text if it is an address of the operator.
func checkedMailbox(text string) (string, error) {
	_, err := parseMailbox(text)
	return text, err
}

// SenderName returns the name that messages come from: that with the sender's address or, if there is none, another.
func SenderName(from, otherwise string) string {
	sender, err := parseMailbox(from)
	if err != nil || sender.Name == "" {
		return otherwise
	}
	return sender.Name
}

// Domain returns the domain of the sender's address, for Message-IDs.
func Domain(from string) string {
	sender, err := parseMailbox(from)
	if err != nil {
		return "localhost"
	}
	return sender.Address[strings.LastIndexByte(sender.Address, '@')+1:]
}
