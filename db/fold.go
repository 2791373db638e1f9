package db

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

func foldOptional(text *string) *string {
	if text == nil {
		return nil
	}
	key := Fold(*text)
	return &key
}
