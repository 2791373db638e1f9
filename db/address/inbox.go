package address

import (
	"errors"
	"strings"
)

// tokenPlace is where an Inbox has room for a token.
const tokenPlace = "+{token}"

// Inbox is an address where mail is received. If its mail server delivers mail to reply+anything@example.com as it does mail to
// reply@example.com, a token after the plus says what the mail is about. The zero value stands for none.
type Inbox struct {
	local, domain string
	tokens        bool
}

// maxToken is the length of the longest token.
const maxToken = 36

// ParseInbox reads an address, which has room for a token if it is like reply+{token}@example.com.
func ParseInbox(text string) (Inbox, error) {
	if text == "" {
		return Inbox{}, nil
	}
	plain := strings.Replace(text, tokenPlace, "", 1)
	parsed, err := Parse(plain)
	switch {
	case err != nil, strings.ContainsAny(plain, "{}"):
		return Inbox{}, errors.New("must be an address such as support@example.com, or reply+{token}@example.com")
	case parsed.NeedsUTF8():
		return Inbox{}, errors.New("must be ASCII before the @, as some mail servers require")
	}
	inbox := Inbox{parsed.local, parsed.domain, plain != text}
	if inbox.tokens && len(parsed.local)+len("+")+maxToken > localLimit {
		return Inbox{}, errors.New("must have at most 27 characters before the +")
	}
	return inbox, nil
}

// IsSet reports whether there is an address.
func (i Inbox) IsSet() bool { return i.local != "" }

// HasTokens reports whether the address has room for a token.
func (i Inbox) HasTokens() bool { return i.tokens }

// Domain returns what follows the @.
func (i Inbox) Domain() string { return i.domain }

// With returns the address with a token, or without one if it has no room for it.
func (i Inbox) With(token string) string {
	if !i.IsSet() {
		return ""
	}
	if i.tokens && token != "" {
		return i.local + "+" + token + "@" + i.domain
	}
	return i.local + "@" + i.domain
}

// Is reports whether an address is this one, whatever follows a plus.
func (i Inbox) Is(email string) bool {
	local, domain, found := strings.Cut(Trim(email), "@")
	local, _, _ = strings.Cut(local, "+")
	own, _, _ := strings.Cut(i.local, "+")
	return found && i.IsSet() && strings.EqualFold(local, own) && i.isAt(domain)
}

// isAt reports whether a domain is the address's, in ASCII or in Unicode.
func (i Inbox) isAt(domain string) bool {
	return strings.EqualFold(Canonical("@"+domain), Canonical("@"+i.domain))
}

// Token returns the token in an address, empty if that isn't this one or has none.
func (i Inbox) Token(email string) string {
	local, domain, found := strings.Cut(Trim(email), "@")
	if !found || !i.IsSet() || !i.isAt(domain) || len(local) <= len(i.local) ||
		!strings.EqualFold(local[:len(i.local)], i.local) || local[len(i.local)] != '+' {
		return ""
	}
	return local[len(i.local)+1:]
}
