package db

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"crm/db/entity"
	"crm/db/store"
)

// Bounds of what people may enter, in characters.
const (
	maxName        = 200
	maxDescription = 10_000
	maxEmail       = 254 // RFC 5321, 4.5.3.1.3, less the angle brackets
	maxLocalPart   = 64  // RFC 5321, 4.5.3.1.1
	maxPhone       = 40
)

// Bounds of when an interaction may begin and end.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

var (
	// emailPattern is what a browser takes for an e-mail address (HTML standard, 4.10.5.1.5).
	emailPattern = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?" +
		`(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()./-]*[0-9)](?: ?x[0-9]+)?$|^\([0-9][0-9 ()./-]*[0-9](?: ?x[0-9]+)?$`)
)

// Problems collects what is wrong with an input, and knows the rules of what people may enter.
type Problems struct{ store.Problems }

// line checks a text of one line, which may not be empty, and returns it without the spaces around it.
func (p *Problems) line(path, text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		p.Add(path, "must not be empty")
	}
	p.length(path, text, maxName)
	if strings.ContainsFunc(text, isControl) {
		p.Add(path, "must not contain control characters")
	}
	return text
}

// optionalLine checks a line that may be missing; an empty one is.
func (p *Problems) optionalLine(path string, text *string) *string {
	if text == nil || strings.TrimSpace(*text) == "" {
		return nil
	}
	checked := p.line(path, *text)
	return &checked
}

// text checks a text of many lines, which may be empty.
func (p *Problems) text(path, text string) string {
	p.length(path, text, maxDescription)
	if strings.ContainsFunc(text, func(r rune) bool { return isControl(r) && !strings.ContainsRune("\t\n\r", r) }) {
		p.Add(path, "must not contain control characters")
	}
	return text
}

// requiredText checks a text of many lines, which may not be empty.
func (p *Problems) requiredText(path, text string) string {
	if strings.TrimSpace(text) == "" {
		p.Add(path, "must not be empty")
	}
	return p.text(path, text)
}

func (p *Problems) length(path, text string, limit int) {
	if !utf8.ValidString(text) {
		p.Add(path, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > limit {
		p.Add(path, "must have at most %d characters, not %d", limit, n)
	}
}

func (p *Problems) email(address string) string {
	const path = "email"
	local, _, _ := strings.Cut(address, "@")
	switch {
	case len(address) > maxEmail:
		p.Add(path, "must have at most %d characters, not %d", maxEmail, len(address))
	case !emailPattern.MatchString(address), len(local) > maxLocalPart:
		p.Add(path, "must be an e-mail address like rohan@gmail.com")
	}
	return address
}

// nextEmail checks an address that replaces another. The same one is right, even if it was written before there were rules.
func (p *Problems) nextEmail(current, next string) string {
	if next == current {
		return current
	}
	return p.email(next)
}

func (p *Problems) phone(number *string) *string {
	if number == nil || strings.TrimSpace(*number) == "" {
		return nil
	}
	text := strings.TrimSpace(*number)
	if len(text) > maxPhone || !phonePattern.MatchString(text) {
		p.Add("phone", "must be a telephone number like +91 22 6778 9999")
	}
	return &text
}

// ID checks a global id of that kind.
func (p *Problems) ID(path string, kind entity.Kind, text string) store.ID {
	id, err := ParseID(kind, text)
	if err != nil {
		p.Add(path, "%s", err.Error())
	}
	return id
}

func (p *Problems) time(path string, t time.Time) {
	if t.Before(earliest) || !t.Before(latest) {
		p.Add(path, "must be in the years %d to %d", earliest.Year(), latest.Year()-1)
	}
}

// isControl reports whether a character is invisible and could mislead: a control character, or a line or paragraph
// separator.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// inInput returns the problems as those of a mutation's input.
func (p Problems) inInput() error {
	for i := range p.Problems {
		p.Problems[i].Path = "input." + p.Problems[i].Path
	}
	return p.Err()
}
