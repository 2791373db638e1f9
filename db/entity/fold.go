package entity

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the key under which texts that differ only in case or in Unicode composition are the same. Fields that
// are searched, sorted or unique regardless of case have such a key stored beside them.
func Fold(text string) string {
	if isLowerASCII(text) {
		return text
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(text)))
}

func isLowerASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 || ('A' <= r && r <= 'Z') }) < 0
}

// FoldOptional is Fold for a text that may be missing.
func FoldOptional(text *string) *string {
	if text == nil {
		return nil
	}
	key := Fold(*text)
	return &key
}

// FoldUnique returns the key of a text that no two documents may share, such as an account's address. Where two documents of
// the old application do share one, the second has a key with a suffix, which stays as long as the text does, so that it can be changed
// or deleted like any other.
func FoldUnique(stored, text string) string {
	key := Fold(text)
	if strings.HasPrefix(stored, key+"\x00") {
		return stored
	}
	return key
}
