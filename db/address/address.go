// Package address says which e-mail addresses there are, which of them are equal, and how mail writes them. Everything that
// accepts, compares or uses an address goes by it.
package address

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The maximum lengths of an address (RFC 5321, 4.5.3.1), in the form that mail uses, and of the part before the @, in octets.
const (
	Limit      = 254
	localLimit = 64
	// MaxInput is the maximum length of any form of an address, in bytes.
	MaxInput = 4 * Limit
)

var (
	// localPart matches what browsers accept before the @ (HTML standard, 4.10.5.1.5), and letters and digits of all
	// scripts (RFC 6531).
	localPart = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\pL\\pM\\pN-]+$")
	// domainName matches what browsers accept after the @.
	domainName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	// dotAtom matches what stands before the @ without quotes (RFC 5321, 4.1.2).
	dotAtom = regexp.MustCompile(`^[^.]+(\.[^.]+)*$`)
	// encodedWord matches what a mail program would decode, although it mustn't in an address (RFC 2047, 5).
	encodedWord = regexp.MustCompile(`=\?.*\?.*\?.*\?=`)
)

// Address is an e-mail address.
type Address struct {
	text string
	// local is the part before the @, domain the name after it, as the Domain Name System has it.
	local, domain string
}

var errForm = errors.New("must be an e-mail address like rohan@gmail.com")

// Trim returns a text without the spaces and invisible characters around it. If nothing is left, there is no address.
func Trim(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}

// Parse parses an address, which may have spaces around it. The error completes a sentence about it.
func Parse(text string) (Address, error) {
	text = Trim(text)
	if len(text) > MaxInput { // too long in any form
		return Address{}, errLength(len(text))
	}
	text = norm.NFC.String(text)
	at := strings.LastIndexByte(text, '@')
	if at < 0 || !utf8.ValidString(text) {
		return Address{}, errForm
	}
	a := Address{text: text, local: text[:at], domain: text[at+1:]}
	if !isASCII(a.domain) {
		var err error
		if a.domain, err = idna.Lookup.ToASCII(a.domain); err != nil {
			return Address{}, errForm
		}
	}
	switch length := len(a.local) + 1 + len(a.domain); {
	case length > Limit:
		return Address{}, errLength(length)
	case len(a.local) > localLimit, !localPart.MatchString(a.local), encodedWord.MatchString(a.local), !domainName.MatchString(a.domain):
		return Address{}, errForm
	}
	return a, nil
}

func errLength(n int) error {
	return fmt.Errorf("must have at most %d characters, not %d", Limit, n)
}

// String returns the address as it was given, without spaces around it and in Unicode's composed form.
func (a Address) String() string { return a.text }

// Domain returns the name after the @ in ASCII.
func (a Address) Domain() string { return a.domain }

// Mailbox returns the address as SMTP and messages write it: with quotes where the part before the @ needs them, as in
// "taro..yamada"@example.com, and with the domain in ASCII.
func (a Address) Mailbox() string {
	local := a.local
	if !dotAtom.MatchString(local) {
		local = `"` + local + `"` // localPart has nothing to escape
	}
	return local + "@" + a.domain
}

// NeedsUTF8 reports whether only mail servers with SMTPUTF8 (RFC 6531) know the address.
func (a Address) NeedsUTF8() bool { return !isASCII(a.local) }

// Canonical returns the form by which addresses are compared, apart from their case: without spaces around it, and with the
// domain in Unicode, as people read and search it. A text that is not an address, which the old application accepted, only
// loses its spaces.
func Canonical(text string) string {
	text = Trim(text)
	at := strings.LastIndexByte(text, '@')
	domain := text[at+1:]
	if at < 0 || isASCII(domain) && !strings.Contains(strings.ToLower(domain), "xn--") {
		return text
	}
	name, err := idna.Lookup.ToUnicode(domain)
	if err != nil {
		return text
	}
	return text[:at+1] + name
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}
