package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The maximum numbers of runes in a header.
const (
	SubjectLimit = 150
	NameLimit    = 100
)

// Line returns text as one line of at most limit runes: line breaks and control characters become spaces, and
// characters that change the text direction are removed.
func Line(text string, limit int) string {
	words := strings.FieldsFunc(readable(text), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return Shorten(strings.Join(words, " "), limit)
}

// Prose returns text as lines of at most limit runes in total; every line break becomes "\n".
func Prose(text string, limit int) string {
	breaks := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, breaks.Replace(readable(text)))
	return Shorten(strings.TrimSpace(text), limit)
}

// Header returns text that is safe in a mail's header. Anything that looks like an encoded word (RFC 2047) is broken
// up, since a mail program would decode it, including line breaks.
func Header(text string, limit int) string {
	return Shorten(strings.ReplaceAll(Line(text, limit), "=?", "= ?"), limit)
}

// readable replaces invalid UTF-8 and removes characters that change the text direction, which can disguise a text as
// another.
func readable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Shorten truncates text to limit runes, the last of which is then an ellipsis.
func Shorten(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
