package notify

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                         "plain",
		" a\tb\r\nc\n\n d ":             "a b c d",
		"a\u2028b\u2029c\u0085d\u00a0e": "a b c d e",
		"a\x00b\x1b[31mc\x7f":           "a b [31mc",
		"pay\u202egnp.exe\u2066":        "paygnp.exe",
		"bad\xffbyte":                   "bad\uFFFDbyte",
		"👩\u200d👩\u200d👧 and می\u200cخواهم": "👩\u200d👩\u200d👧 and می\u200cخواهم",
		strings.Repeat("ü", nameLimit):      strings.Repeat("ü", nameLimit),
		strings.Repeat("ü", nameLimit+1):    strings.Repeat("ü", nameLimit-1) + "…",
		strings.Repeat("=?", nameLimit-1):   strings.Repeat("=?", nameLimit/2-1) + "=…",
	} {
		if got := line(text, nameLimit); got != want {
			t.Errorf("line(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	if got := header("=?utf-8?q?=0D=0ABcc:_x?=", subjectLimit); got != "= ?utf-8?q?=0D=0ABcc:_x?=" {
		t.Errorf("an encoded word came out as %q", got)
	}
	for _, text := range []string{"=\r\n?utf-8?q?x?=", "=\u202e?utf-8?q?x?=", "=\x00?utf-8?q?x?=", "==??utf-8?q?x?="} {
		if got := header(text, subjectLimit); strings.Contains(got, "=?") {
			t.Errorf("header(%q) is %q", text, got)
		}
	}
	if got := header(strings.Repeat("=?", 200), subjectLimit); len([]rune(got)) != subjectLimit {
		t.Errorf("a header has %d runes", len([]rune(got)))
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\r\nb\rc\nd\u2028e\u2029f\u0085g": "a\nb\nc\nd\ne\nf\ng",
		"\n a\tb\x00\x1b \n":                "a\tb",
		"a\xffb":                            "a\uFFFDb",
	} {
		if got := prose(text, proseLimit); got != want {
			t.Errorf("prose(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestDomainOf(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string]string{
		"crm@example.com": "example.com", "CRM <crm@mail.example.com>": "mail.example.com",
		"": "localhost", "crm": "localhost", "crm@müller.example": "localhost", "a@b, c@d": "localhost",
	} {
		if got := domainOf(sender); got != want {
			t.Errorf("domainOf(%q) is %q, want %q", sender, got, want)
		}
	}
}
