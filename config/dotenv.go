package config

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// line is a variable in a file .env. If its line can't be read, err says why, and name is empty unless it is certain.
type line struct {
	number      int
	name, value string
	err         error
}

// Errors of lines. They don't quote the line, which may contain a secret or a part of one.
var (
	errNoAssignment = errors.New("must have the form NAME=value")
	errName         = errors.New("the name before the = must consist of letters, digits and underscores")
	errOpenQuote    = errors.New("the quotation mark isn't closed on this line")
	errAfterQuote   = errors.New("only a comment may follow the closing quotation mark")
	errEncoding     = errors.New("the line is not UTF-8")
	errControl      = errors.New("the line contains a control character")
)

// parseDotEnv reads the lines of a file .env, literally: nothing is expanded.
func parseDotEnv(content []byte) []line {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var lines []line
	number := 0
	for raw := range bytes.SplitSeq(content, []byte("\n")) {
		number++
		if parsed, ok := parseLine(strings.TrimSuffix(string(raw), "\r")); ok {
			parsed.number = number
			lines = append(lines, parsed)
		}
	}
	return lines
}

// parseLine reads one line; ok is false if there is nothing on it.
func parseLine(text string) (parsed line, ok bool) {
	text = strings.TrimLeft(text, " \t")
	if text == "" || text[0] == '#' {
		return line{}, false
	}
	switch {
	case !utf8.ValidString(text):
		return line{err: errEncoding}, true
	case strings.ContainsFunc(text, func(r rune) bool { return isControl(r) && r != '\t' }):
		return line{err: errControl}, true
	}
	if rest, found := strings.CutPrefix(text, "export"); found && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		text = strings.TrimLeft(rest, " \t")
	}
	name, value, found := strings.Cut(text, "=")
	if name = strings.TrimRight(name, " \t"); !found {
		return line{err: errNoAssignment}, true
	}
	if !variableName.MatchString(name) {
		return line{err: errName}, true
	}
	value, err := parseValue(value)
	return line{name: name, value: value, err: err}, true
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseValue reads what follows the = of a line.
func parseValue(text string) (string, error) {
	value := strings.TrimLeft(text, " \t")
	spaced := value != text
	switch {
	case value == "", spaced && value[0] == '#':
		return "", nil
	case value[0] == '\'':
		quoted, rest, closed := strings.Cut(value[1:], "'")
		return afterQuote(quoted, rest, closed)
	case value[0] == '"':
		return afterQuote(unescape(value[1:]))
	}
	for i := 1; i < len(value); i++ {
		if value[i] == '#' && (value[i-1] == ' ' || value[i-1] == '\t') {
			value = value[:i]
		}
	}
	return strings.TrimRight(value, " \t"), nil
}

// escapes are the characters that a backslash before them changes, in double quotes.
var escapes = map[byte]byte{'"': '"', '\\': '\\', '$': '$', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape reads a text up to its closing double quote. A backslash is kept unless it escapes something.
func unescape(text string) (value, rest string, closed bool) {
	var unescaped strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			return unescaped.String(), text[i+1:], true
		}
		if c == '\\' && i+1 < len(text) {
			if escaped, ok := escapes[text[i+1]]; ok {
				c = escaped
				i++
			}
		}
		unescaped.WriteByte(c)
	}
	return "", "", false
}

// afterQuote checks what follows a quoted value.
func afterQuote(value, rest string, closed bool) (string, error) {
	rest = strings.TrimLeft(rest, " \t")
	switch {
	case !closed:
		return "", errOpenQuote
	case rest != "" && rest[0] != '#':
		return "", errAfterQuote
	}
	return value, nil
}
