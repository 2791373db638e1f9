package mail

import (
	"mime"
	"net/mail"
	"strings"
	"testing"
)

// TestHeaderFields checks that fields are folded within the limits of RFC 2047, and read back as they were.
func TestHeaderFields(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"New meeting", "", "a", "Ä", strings.Repeat("word ", 29) + "end", strings.Repeat("x", 150), "a " + strings.Repeat("y", 100) + " b",
		"Geändert: " + strings.Repeat("日本語", 40), strings.Repeat("👋🏽", 60), strings.Repeat("ü", 48), `"quoted" \ back\\slash`,
		"=?utf-8?q?x?=", "a, b; <c@d.example> (e)", "é" + strings.Repeat(" ", 5) + "é",
	} {
		for _, name := range []string{"Subject", "A-Very-Long-Field-Name-For-A-Header"} {
			field := textField(name, text)
			checkLines(t, field)
			value := strings.ReplaceAll(strings.TrimPrefix(field, name+": "), "\r\n", "")
			if got, err := new(mime.WordDecoder).DecodeHeader(value); err != nil || got != text {
				t.Errorf("%q is read as %q, error %v", text, got, err)
			}
		}
		for _, mailbox := range []string{"a@b.example", strings.Repeat("a", 64) + "@example.com", `"taro..yamada."@docomo.example`} {
			field := addressField("To", text, mailbox)
			if !isPlain(text) {
				checkLines(t, field)
			}
			to, err := mail.ParseAddress(strings.ReplaceAll(strings.TrimPrefix(field, "To: "), "\r\n", ""))
			if err != nil || to.Name != text || to.Address != strings.ReplaceAll(mailbox, `"`, "") {
				t.Errorf("%q is read as %v, error %v", field, to, err)
			}
		}
	}
}

// checkLines checks the lines of a field; a word without spaces can't be folded.
func checkLines(t *testing.T, field string) {
	t.Helper()
	for i, line := range strings.Split(field, "\r\n") {
		encoded := strings.Contains(line, "=?") && strings.Contains(line, "?=")
		if len(line) > lineLimit && (encoded || strings.Contains(strings.TrimSpace(line[strings.IndexByte(line, ':')+2:]), " ")) {
			t.Errorf("the line %q has %d characters", line, len(line))
		}
		if strings.TrimSpace(line) == "" || i > 0 && line[0] != ' ' {
			t.Errorf("the line %q ends the field", line)
		}
	}
}
