package db

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// Maximum lengths of inputs, in characters.
const (
	maxName        = 200
	maxDescription = 10_000
	maxPhone       = 60
	maxDigits      = 40 // several numbers
	minDigits      = 2  // of an internal number
)

// Bounds of an interaction's start and end.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Problems validates inputs and collects what is wrong.
type Problems struct{ store.Problems }

// line validates a non-empty text of one line, and returns it without surrounding spaces and invisible characters.
func (p *Problems) line(path, text string) string {
	text = cleanLine(text)
	if isBlank(text) {
		p.Add(path, "must not be empty")
	}
	p.length(path, text, maxName)
	if i := strings.IndexFunc(text, isControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		p.Add(path, "must be one line without control characters: it contains %s", nameOfControl(r))
	}
	return text
}

// optionalLine validates an optional line; an empty one counts as missing.
func (p *Problems) optionalLine(path string, text *string) *string {
	if text == nil || isBlank(*text) {
		return nil
	}
	checked := p.line(path, *text)
	return &checked
}

// nameOrPhone validates the name of a customer. If that is missing, the telephone number takes its place.
func (p *Problems) nameOrPhone(name string, phone *string) string {
	switch {
	case !isBlank(name):
		return p.line("name", name)
	case phone != nil && !isBlank(*phone):
		return cleanLine(*phone)
	}
	p.Add("name", "must be given if there is no telephone number")
	return ""
}

// nextCaller returns the name of a customer whose telephone number changes. A number in the place of the name changes, too.
func (p *Problems) nextCaller(name string, before, after *string) string {
	switch {
	case before == nil || name != cleanLine(*before):
		return name
	case after == nil:
		p.Add("phone", "must stay as long as it takes the place of the name")
		return name
	}
	return *after
}

// text validates a text of many lines, which may be empty, and returns it without control characters.
func (p *Problems) text(path, text string) string {
	text = cleanText(text)
	p.length(path, text, maxDescription)
	return text
}

// requiredText validates a non-empty text of many lines.
func (p *Problems) requiredText(path, text string) string {
	text = p.text(path, text)
	if isBlank(text) {
		p.Add(path, "must not be empty")
	}
	return text
}

func (p *Problems) length(path, text string, limit int) {
	if !utf8.ValidString(text) {
		p.Add(path, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > limit {
		p.Add(path, "must have at most %d characters, not %d", limit, n)
	}
}

// email validates an address, and returns it without surrounding spaces and invisible characters.
func (p *Problems) email(text string) string {
	text = cleanLine(text)
	parsed, err := address.Parse(text)
	if err != nil {
		p.Add("email", "%s", err.Error())
		return text
	}
	return parsed.String()
}

// nextEmail validates an address that replaces another. An unchanged one is valid, even if the rules would refuse it.
func (p *Problems) nextEmail(current, next string) string {
	if next == current {
		return current
	}
	return p.email(next)
}

// nextCustomerEmail is nextEmail for a customer, who may have no address if they can't log in.
func (p *Problems) nextCustomerEmail(c *Customer, next string) string {
	switch {
	case !isBlank(next):
		return p.nextEmail(c.Email, next)
	case c.CanLogIn():
		p.Add("email", "must not be removed: it is needed to log in")
	}
	return ""
}

// phone validates a telephone number, and returns it as it was written. An empty one counts as missing.
func (p *Problems) phone(number *string) *string {
	if number == nil || isBlank(*number) {
		return nil
	}
	text := cleanLine(*number)
	if utf8.RuneCountInString(text) > maxPhone || !isPhone(text) {
		p.Add("phone", "must be a telephone number like +91 22 6778 9999, of at most %d characters", maxPhone)
	}
	return &text
}

// nextPhone validates a telephone number that replaces another. An unchanged one is valid, as an address is.
func (p *Problems) nextPhone(current, next *string) *string {
	if current != nil && next != nil && *current == *next {
		return current
	}
	return p.phone(next)
}

// isPhone reports whether a text has the digits of a telephone number, in any script, and besides them only what people
// write with them: separators, and letters for an extension or a remark.
func isPhone(text string) bool {
	if strings.Contains(text, "++") || strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Zs, unicode.Pd) && !strings.ContainsRune("+()[].,/:;&#*='’＋（）．／＃\u2212", r)
	}) {
		return false
	}
	number := len(textkey.SoughtDigits(text).Digits)
	digits := strings.Count(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Nd, r) {
			return '0'
		}
		return -1
	}, text), "0")
	return number >= minDigits && digits <= maxDigits
}

// ID parses a global id of that kind.
func (p *Problems) ID(path string, kind entity.Kind, text string) store.ID {
	id, err := ParseID(kind, text)
	if err != nil {
		p.Add(path, "%s", err.Error())
	}
	return id
}

// OptionalID reads a global id of this kind that may be missing.
func (p *Problems) OptionalID(path string, kind entity.Kind, text *string) *store.ID {
	if text == nil {
		return nil
	}
	id := p.ID(path, kind, *text)
	return &id
}

func (p *Problems) time(path string, t time.Time) {
	if t.Before(earliest) || !t.Before(latest) {
		p.Add(path, "must be in the years %d to %d", earliest.Year(), latest.Year()-1)
	}
}

// inInput returns the problems with paths in a mutation's input.
func (p Problems) inInput() error {
	for i := range p.Problems {
		p.Problems[i].Path = "input." + p.Problems[i].Path
	}
	return p.Err()
}
