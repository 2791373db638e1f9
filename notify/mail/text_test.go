package mail

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
		strings.Repeat("ü", NameLimit):      strings.Repeat("ü", NameLimit),
		strings.Repeat("ü", NameLimit+1):    strings.Repeat("ü", NameLimit-1) + "…",
		strings.Repeat("=?", NameLimit-1):   strings.Repeat("=?", NameLimit/2-1) + "=…",
	} {
		if got := Line(text, NameLimit); got != want {
			t.Errorf("Line(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	if got := Header("=?utf-8?q?=0D=0ABcc:_x?=", SubjectLimit); got != "= ?utf-8?q?=0D=0ABcc:_x?=" {
		t.Errorf("an encoded word becomes %q", got)
	}
	for _, text := range []string{"=\r\n?utf-8?q?x?=", "=\u202e?utf-8?q?x?=", "=\x00?utf-8?q?x?=", "==??utf-8?q?x?="} {
		if got := Header(text, SubjectLimit); strings.Contains(got, "=?") {
			t.Errorf("Header(%q) is %q", text, got)
		}
	}
	if got := Header(strings.Repeat("=?", 200), SubjectLimit); len([]rune(got)) != SubjectLimit {
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
		if got := Prose(text, 10_000); got != want {
			t.Errorf("Prose(%q) is %q, want %q", text, got, want)
		}
	}
}
