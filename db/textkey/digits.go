package textkey

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// digitOf returns the value of a decimal digit of any script; ok is false for another character.
func digitOf(r rune) (digit byte, ok bool) {
	if '0' <= r && r <= '9' {
		return byte(r), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// The digits of a script follow each other, and so do whole scripts, always from a zero.
	zero := r
	for unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return '0' + byte((r-zero)%10), true
}

// plain returns a text with the digits, spaces, dashes and other characters of ASCII for those that look like them.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		digit, isDigit := digitOf(r)
		switch {
		case isDigit:
			return rune(digit)
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Pd, r) || r == '\u2212': // dashes, and the minus sign
			return '-'
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFKC.String(text))
}

// digitsIn returns the digits in a text whose digits are those of ASCII.
func digitsIn(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, text)
}
