package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AddressLimit is the most octets of an address (RFC 5321).
const AddressLimit = 254

// CheckAddress returns why mail can't be sent to an address, nil if it can. Beyond what RFC 5322 forbids, it refuses
// addresses that have to be quoted: hardly anybody has one, and many programs on the way get them wrong.
func CheckAddress(address string) error {
	if address == "" {
		return errors.New("there is no address")
	}
	if len(address) > AddressLimit {
		return fmt.Errorf("the address is longer than %d bytes", AddressLimit)
	}
	if strings.ContainsFunc(address, unfit) {
		return errors.New("the address contains spaces, control characters or broken text")
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

// unfit reports whether a rune is allowed in no address, though net/mail may accept it.
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
