package config

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// TLSMode is how the connection with a mail server is encrypted.
type TLSMode string

// The modes, as the variables name them.
const (
	// AutomaticTLS leaves it to the port; see the settings.
	AutomaticTLS TLSMode = ""
	// RequireSTARTTLS says nothing to a server that doesn't offer STARTTLS.
	RequireSTARTTLS TLSMode = "starttls"
	// ImplicitTLS is TLS from the first byte.
	ImplicitTLS TLSMode = "implicit"
	// NoTLS encrypts nothing.
	NoTLS TLSMode = "none"
)

// MailTLS is one of the modes but AutomaticTLS, which is the default.
func MailTLS(target *TLSMode) Value {
	return Parsed(target, "`starttls`, `implicit` or `none`", func(text string) (TLSMode, error) {
		switch mode := TLSMode(text); mode {
		case RequireSTARTTLS, ImplicitTLS, NoTLS:
			return mode, nil
		}
		return "", errors.New("must be starttls, implicit or none")
	})
}

// MailHost is the host of a mail server, as ParseMailHost returns it.
func MailHost(target *string) Value { return Parsed(target, "host", ParseMailHost) }

// mailHost matches host names, also those of containers, which may have underscores.
var mailHost = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*([a-z0-9_-]*[a-z_][a-z0-9_-]*)\.?$`)

// ParseMailHost returns the host of a mail server as it is dialled: a name in ASCII, or an IP address.
func ParseMailHost(text string) (string, error) {
	if address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return address.String(), nil
	}
	host, err := idna.Lookup.ToASCII(text)
	if err != nil {
		host = strings.ToLower(text) // perhaps with an underscore
	}
	if !mailHost.MatchString(host) {
		return "", errors.New("must be the name or the IP address of a mail server, such as mail.example.com, without a port, " +
			"a scheme or spaces")
	}
	return host, nil
}
