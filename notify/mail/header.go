package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The maximum lengths of an encoded word, and of a line of a header that has one (RFC 2047, 2). Lines without one should be
// no longer either.
const (
	wordLimit = 75
	lineLimit = 76
)

// textField returns a header field with a text, on as many lines as it takes.
func textField(name, text string) string {
	if isPlain(text) {
		return foldWords(name + ": " + text)
	}
	return name + ": " + encodeWords(text, lineLimit-len(name)-len(": "))
}

// addressField returns a header field with an address and the name to display with it. A name in quotes stays on one line,
// because some mail programs read a folded one with more spaces than it has.
func addressField(name, displayed, mailbox string) string {
	field := name + ": "
	switch {
	case displayed == "":
		return field + "<" + mailbox + ">"
	case isPlain(displayed):
		field += inQuotes(displayed)
	default:
		field += encodeWords(displayed, lineLimit-len(field))
	}
	last := field[strings.LastIndexByte(field, '\n')+1:]
	if len(last)+len(" <>")+len(mailbox) > lineLimit {
		field += "\r\n"
	}
	return field + " <" + mailbox + ">"
}

// isPlain reports whether a header can contain the text as it is.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) && !strings.Contains(text, "=?")
}

// foldWords breaks a long line at its spaces.
func foldWords(line string) string {
	var folded strings.Builder
	length := 0
	for i, word := range strings.SplitAfter(line, " ") {
		if i > 1 && length+len(strings.TrimSuffix(word, " ")) > lineLimit { // not between the field's name and its first word
			text := strings.TrimSuffix(folded.String(), " ")
			folded.Reset()
			folded.WriteString(text + "\r\n ")
			length = 1
		}
		folded.WriteString(word)
		length += len(word)
	}
	return folded.String()
}

// encodeWords returns a text as encoded words, each on a line of its own, in the encoding that takes less room. The first line
// has room for first characters.
func encodeWords(text string, first int) string {
	encoding, encode := "q", encodeQ
	if len(encodeB(text)) < len(encodeQ(text)) {
		encoding, encode = "b", encodeB
	}
	start, end := "=?utf-8?"+encoding+"?", "?="
	var words []string
	for room := min(first, wordLimit); text != ""; room = wordLimit {
		word := longest(text, room-len(start)-len(end), encode)
		text = text[len(word):]
		words = append(words, start+encode(word)+end)
	}
	return strings.Join(words, "\r\n ")
}

// longest returns the longest prefix of whole characters of a text that takes at most so much room in an encoding.
func longest(text string, room int, encode func(string) string) string {
	end := 0
	for i, r := range text {
		next := i + utf8.RuneLen(r)
		if end > 0 && len(encode(text[:next])) > room {
			break
		}
		end = next
	}
	return text[:end]
}

// encodeB encodes a text in base64.
func encodeB(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// encodeQ encodes all that mustn't be in a name as it is (RFC 2047, 5).
func encodeQ(text string) string {
	var encoded strings.Builder
	for _, b := range []byte(text) {
		switch {
		case b == ' ':
			encoded.WriteByte('_')
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte("!*+-/", b) >= 0:
			encoded.WriteByte(b)
		default:
			fmt.Fprintf(&encoded, "=%02X", b)
		}
	}
	return encoded.String()
}

// setFields replaces fields of a message's header, which are on one line each.
func setFields(message []byte, fields map[string]string) ([]byte, error) {
	head, body, found := bytes.Cut(message, []byte("\r\n\r\n"))
	if !found {
		return nil, fmt.Errorf("cannot find the end of the header")
	}
	lines := strings.Split(string(head), "\r\n")
	for i, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		if field, ok := fields[name]; ok {
			lines[i] = field
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		return nil, fmt.Errorf("the header lacks %v", fields)
	}
	return slices.Concat([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"), body), nil
}
