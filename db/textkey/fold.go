package textkey

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"crm/db/address"
)

// Fold returns a key that is equal for texts that differ only in case or in Unicode composition. It is stored beside
// fields that are searched, sorted or unique regardless of case.
func Fold(text string) string {
	if isLowerASCII(text) {
		return text
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(text)))
}

func isLowerASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 || ('A' <= r && r <= 'Z') }) < 0
}

// Address returns the key of an e-mail address, also as somebody types it, for example to log in: it is equal for addresses
// that are equal, and empty if there is none. It has no NUL, so nobody can type a key with the suffix of UniqueAddress.
func Address(text string) string {
	return Fold(address.Canonical(strings.ReplaceAll(text, "\x00", string(unicode.ReplacementChar))))
}

// UniqueAddress returns the key of an account's address, which is unique. If two documents of the old application share one,
// the second has a key with a suffix, which stays as long as the address does, so that the document can be changed or
// deleted like any other.
func UniqueAddress(stored, text string) string {
	key := Address(text)
	if strings.HasPrefix(stored, key+"\x00") {
		return stored
	}
	return key
}
