package message

import (
	"bytes"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// header is the header of a mail: its fields in their order.
type header []field

// field is one of them, with its name in lower case and its value on one line, as it came.
type field struct{ name, value string }

const (
	// maxFields is how many fields of a header are read.
	maxFields = 1000
	// maxValue is how many bytes of a list of addresses are read, and maxText of a text: made to, these cost the square of their length.
	maxValue = 64 << 10
	maxText  = 8 << 10
)

// readHeader reads the header of a mail, and returns what follows it. The lines of a field are joined once, since it may have millions.
func readHeader(raw []byte) (h header, rest []byte) {
	var value strings.Builder // of the last field
	end := func() {
		if len(h) > 0 {
			h[len(h)-1].value = value.String()
		}
		value.Reset()
	}
	for len(raw) > 0 && len(h) < maxFields {
		line, after, _ := bytes.Cut(raw, []byte("\n"))
		text := strings.TrimRight(string(line), "\r")
		switch name, begun, found := strings.Cut(text, ":"); {
		case text == "":
			end()
			return h, after
		case (text[0] == ' ' || text[0] == '\t') && len(h) > 0:
			value.WriteString(" " + strings.TrimSpace(text))
		case found && name != "" && !strings.ContainsAny(strings.TrimRight(name, " \t"), " \t"):
			end()
			h = append(h, field{name: strings.ToLower(strings.TrimRight(name, " \t"))})
			value.WriteString(strings.TrimSpace(begun))
		case len(h) == 0 && !strings.HasPrefix(text, "From "): // an mbox's separator
			return h, raw
		}
		raw = after
	}
	end()
	return h, raw
}

// get returns the first field of that name, empty if there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// all returns the fields of that name.
func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// has reports whether there is a field of that name.
func (h header) has(name string) bool {
	return slices.ContainsFunc(h, func(f field) bool { return f.name == name })
}

// cut returns at most so many bytes of a text, and no half characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for end := limit; end > max(0, limit-utf8.UTFMax); end-- {
		if utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:limit]
}

// decode returns a field's text, in which other characters than those of ASCII are encoded (RFC 2047).
func (p *Parser) decode(value string) string {
	value = utf8Text([]byte(cut(value, maxText)))
	decoded, err := p.words.DecodeHeader(value)
	if err != nil {
		return value
	}
	return strings.ToValidUTF8(decoded, "\uFFFD")
}

// bareAddress finds addresses in a field that breaks the rules.
var bareAddress = regexp.MustCompile(`[^\s<>"'(),:;\[\]]+@[^\s<>"'(),:;\[\]]+`)

// addresses returns the addresses in a field.
func (p *Parser) addresses(value string) []Address {
	value = utf8Text([]byte(cut(value, maxValue)))
	parser := mail.AddressParser{WordDecoder: p.words}
	parsed, err := parser.ParseList(value)
	var found []Address
	if err != nil {
		for _, email := range bareAddress.FindAllString(value, maxFields) {
			found = append(found, Address{Email: email})
		}
		if before, _, named := strings.Cut(value, "<"); named && len(found) == 1 {
			found[0].Name = p.decode(strings.Trim(strings.TrimSpace(before), `"`))
		}
		return found
	}
	for _, a := range parsed {
		found = append(found, Address{Name: strings.ToValidUTF8(a.Name, "\uFFFD"), Email: a.Address})
	}
	return found
}

var bracketed = regexp.MustCompile(`<([^<>\s]+)>`)

// maxIDs is how many ids of a thread are read, the last ones.
const maxIDs = 50

// messageIDs returns the message ids in a field, without their angle brackets, which some programs leave out.
func messageIDs(value string) []string {
	var ids []string
	for _, match := range bracketed.FindAllStringSubmatch(value, -1) {
		ids = append(ids, match[1])
	}
	if len(ids) == 0 {
		for _, word := range strings.Fields(value) {
			if strings.Contains(word, "@") {
				ids = append(ids, strings.Trim(word, `<>",;`))
			}
		}
	}
	return slices.DeleteFunc(ids[max(0, len(ids)-maxIDs):], func(id string) bool { return id == "" || !utf8.ValidString(id) })
}

func lastFirst(ids []string) []string {
	slices.Reverse(ids)
	return ids
}

// parseDate reads a date, and returns zero for what is none.
func parseDate(text string) time.Time {
	at, err := mail.ParseDate(text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// utf8Text returns bytes as text: if they aren't UTF-8, they are mostly what Windows writes.
func utf8Text(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return string(decoded)
}

// readable returns a mail as it came, as text.
func readable(raw []byte) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(utf8Text(raw), "\r\n", "\n"), "\x00", "\uFFFD"))
}
