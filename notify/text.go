package notify

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most runes of each text that a mail shows. addressLimit is RFC 5321's, in octets.
const (
	subjectLimit = 150
	titleLimit   = 200
	nameLimit    = 100
	excerptLimit = 60
	proseLimit   = 10_000
	errorLimit   = 500
	addressLimit = 254
)

// line returns text as one line of at most limit runes: what breaks lines or controls a terminal becomes a space, and
// what turns the direction of reading is left out.
func line(text string, limit int) string {
	words := strings.FieldsFunc(readable(text), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return shorten(strings.Join(words, " "), limit)
}

// optionalLine is line for a text that may be missing.
func optionalLine(text *string) string {
	if text == nil {
		return ""
	}
	return line(*text, titleLimit)
}

// prose returns text with its lines, of at most limit runes; every line break becomes "\n".
func prose(text string, limit int) string {
	breaks := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, breaks.Replace(readable(text)))
	return shorten(strings.TrimSpace(text), limit)
}

// header returns text as it may stand in a mail's header. What looks like an encoded word (RFC 2047) is broken up,
// since a mail program would decode it, line breaks and all.
func header(text string, limit int) string {
	return shorten(strings.ReplaceAll(line(text, limit), "=?", "= ?"), limit)
}

// readable removes what isn't UTF-8 and what turns the direction of reading, by which a text can pose as another.
func readable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// shorten returns the first limit runes of text, the last of them an ellipsis if there are more.
func shorten(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// checkAddress returns why mail can't be sent to an address, nil if it can. Beyond what RFC 5322 forbids these are
// addresses that have to be quoted: hardly anybody has one, and many a program gets them wrong on the way.
func checkAddress(address string) error {
	if address == "" {
		return errors.New("there is no address")
	}
	if len(address) > addressLimit {
		return fmt.Errorf("the address is longer than %d bytes", addressLimit)
	}
	if strings.ContainsFunc(address, unfit) {
		return errors.New("the address contains spaces, control characters or broken text")
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("cannot parse the address: %w", err)
	}
	plain := parsed.Address == address && parsed.String() == "<"+address+">"
	if !plain || strings.Contains(address, "=?") { // see header
		return errors.New("the address is not a plain name@domain")
	}
	return nil
}

// unfit reports whether a rune is in no address, though net/mail may let it pass.
func unfit(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) }

// domainOf returns the domain of the sender's address, for Message-IDs.
func domainOf(sender string) string {
	address, err := mail.ParseAddress(sender)
	if err != nil || checkAddress(address.Address) != nil || !isASCII(address.Address) {
		return "localhost"
	}
	return address.Address[strings.LastIndexByte(address.Address, '@')+1:]
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
