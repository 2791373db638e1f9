package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AddressLimit is the maximum length of an address in octets (RFC 5321).
const AddressLimit = 254

// CheckAddress returns the reason why mail can't be sent to an address, nil if it can. Besides what RFC 5322 forbids,
// it refuses addresses that need quotes: hardly anybody has one, and many mail servers mishandle them.
func CheckAddress(address string) error {
	if address == "" {
		return errors.New("there is no address")
	}
	if len(address) > AddressLimit {
		return fmt.Errorf("the address is longer than %d bytes", AddressLimit)
	}
	if strings.ContainsFunc(address, unfit) {
		return errors.New("the address contains spaces, control characters or invalid text")
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("cannot parse the address: %w", err)
	}
	plain := parsed.Address == address && parsed.String() == "<"+address+">"
	if !plain || strings.Contains(address, "=?") { // see Header
		return errors.New("the address is not a plain name@domain")
	}
	return nil
}

// unfit reports whether a rune is not allowed in an address, although net/mail may accept it.
func unfit(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) }

// Domain returns the domain of the sender's address, for Message-IDs.
func Domain(sender string) string {
	address, err := mail.ParseAddress(sender)
	if err != nil || CheckAddress(address.Address) != nil || !isASCII(address.Address) {
		return "localhost"
	}
	return address.Address[strings.LastIndexByte(address.Address, '@')+1:]
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
