package db

import (
	"strings"
	"testing"
)

// problemsOf returns the problems that a check finds, or "" if there are none.
func problemsOf(check func(p *Problems)) string {
	var p Problems
	check(&p)
	if err := p.inInput(); err != nil {
		return err.Error()
	}
	return ""
}

// TestEmail checks that package address decides, after invisible characters are gone; its tests have the cases.
func TestEmail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"rohan@gmail.com": "rohan@gmail.com", "taro..yamada.@docomo.example": "taro..yamada.@docomo.example",
		" \u00a0a@example.com\t\n": "a@example.com", "a@example.com\u200b": "a@example.com", "\u202aa@example.com\u202c": "a@example.com",
		"user@bücher.example": "user@bücher.example", "rohan": "", "a b@example.com": "", "": "",
	} {
		var got string
		problem := problemsOf(func(p *Problems) { got = p.email(text) })
		if want == "" && !strings.HasPrefix(problem, "input.email: must be an e-mail address") || want != "" && (got != want || problem != "") {
			t.Errorf("%q is stored as %q, problem %q", text, got, problem)
		}
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	for number, ok := range map[string]bool{
		"112": true, "+91 22 6778 9999": true, "(022) 6778-9999": true, "022/6778.9999": true, "+1 (555) 010-9999 x12": true,
		"555-0100x1": true, " 5550100 ": true, "+49 (0) 30 1234": true, "(030) 123 x9": true, "(+49) 30 1234": true, "555 EXT 1": true,
		"030 1234 ext. 12": true, "030 1234 #12": true, "030\u00a01234": true, "030\u20111234": true, "030\u20131234": true,
		"\u202a+49 30 1234\u202c": true, "０３０ １２３４": true, "＋４９（３０）１２３４": true, "٠١٢٣٤": true, "030 1234 (privat)": true,
		"Tel.: 030 1234": true, "030 1234 / 0171 1234567": true, "tel:+49-30-1234;ext=12": true, "1-800-FLOWERS": true, "+49 30 1234 (Büro, vormittags)": true,
		"x12": false, "+": false, "-": false, "1": false, "++1 555": false, "call me": false, "call me at 5": false,
		"555\n0100": false, "555\x000100": false, "<b>555</b>": false, "https://example.com/555?x": false, "555@example.com": false, "=555": true,
		strings.Repeat("1", 40): true, strings.Repeat("1", 41): false, "030 1234" + strings.Repeat("a", 53): false,
	} {
		if problem := problemsOf(func(p *Problems) { p.phone(&number) }); (problem == "") != ok {
			t.Errorf("%q: %q, want it to be valid: %t", number, problem, ok)
		}
	}
	for _, empty := range []string{"", "  ", "\t"} {
		if got := new(Problems).phone(&empty); got != nil {
			t.Errorf("%q is parsed as the number %q, want none", empty, *got)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Rohan": "", " Rohan ": "", "日本": "", strings.Repeat("é", maxName): "", "<b>": "", "a\u00a0b": "",
		"": "must not be empty", " \u00a0\u2003\t": "must not be empty", strings.Repeat("é", maxName+1): "at most 200 characters, not 201",
		"\u200b\u2060": "must not be empty", "\u3164": "must not be empty", "\u2800 \ufeff\u00ad": "must not be empty",
		"\u202e\u200d\ufe0f": "must not be empty",
		"a\x00b":             "control character U+0000", "a\nb": "a line break, U+000A", "a\rb": "a line break, U+000D", "a\tb": "a tab, U+0009",
		"a\u0085b": "a line break, U+0085", "a\x7fb": "control character U+007F", "a\u009fb": "control character U+009F",
		"a\u2028b": "a line break, U+2028", "a\u2029b": "a line break, U+2029", "a\xffb": "valid UTF-8",
	} {
		problem := problemsOf(func(p *Problems) { p.line("name", text) })
		if want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%.40q: %q, want %q", text, problem, want)
		}
	}
	if got := new(Problems).optionalLine("company", &[]string{"\u200b \u2800"}[0]); got != nil {
		t.Errorf("an invisible company is %q", *got)
	}
}

// TestCleanLine checks that names can't be made to look alike, and that every script and emoji can be written.
func TestCleanLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\n Rohan K. \u00a0": "Rohan K.", "Ro\u200bhan": "Rohan", "\ufeffRohan\u2060": "Rohan", "Ro\u00adhan": "Rohan", "\u202enahoR\u202c": "nahoR",
		"a\u2066b\u2069c\u200ed\u200fe\u061cf": "abcdef", "Ro\u200dhan": "Rohan", "Ro\u200chan": "Rohan", "Ро\u200dхан": "Рохан",
		"張\u200d偉": "張偉", "Rohan\u200d": "Rohan", "Rohan\ufe0f": "Rohan", " \u200b Rohan": "Rohan", "a\u034fb": "ab", "\U000e0041A": "A", "\U0010ffff": "\U0010ffff",
		"👩\u200d👩\u200d👧\u200d👦": "👩\u200d👩\u200d👧\u200d👦", "👩🏽\u200d💻": "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈": "🏳\ufe0f\u200d🌈", "❤\ufe0f": "❤\ufe0f",
		"1\ufe0f\u20e3": "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f": "🏴\U000e0067\U000e0062\U000e007f", "葛\U000e0100城": "葛\U000e0100城",
		"می\u200cخواهم": "می\u200cخواهم", "ශ්\u200dරී": "ශ්\u200dරී", "क्\u200dष": "क्\u200dष", "نامه\u200c": "نامه", "م\u200c\u200cن": "م\u200cن",
		"\u0600١": "\u0600١", "e\u0301": "e\u0301",
	} {
		if got := new(Problems).line("name", text); got != want {
			t.Errorf("%+q is stored as %+q, want %+q", text, got, want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", strings.Repeat("日", maxDescription): "", strings.Repeat("日\x00", maxDescription): "",
		strings.Repeat("日", maxDescription+1): "at most 10000", "a\xc0b": "valid UTF-8",
	} {
		problem := problemsOf(func(p *Problems) { p.text("description", text) })
		if want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%.40q: %q, want %q", text, problem, want)
		}
	}
	for text, want := range map[string]string{
		"one\n\ttwo\r\n": "one\n\ttwo\n", "a\rb\vc\fd\u0085e\u2028f\u2029g\r\n\r\nh": "a\nb\nc\nd\ne\nf\ng\n\nh", "a\x00b\x1b[1mc\x7fd\u009be": "ab[1mcde",
		"\r\r\n": "\n\n", " a\u200b\u202eb ": " a\u200b\u202eb ", "\u00a0ä\U0001f600": "\u00a0ä\U0001f600",
	} {
		if got := new(Problems).text("description", text); got != want {
			t.Errorf("%q is stored as %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{" \n", "\x00\x1b", "\u200b\n\u2800", "\u2028\ufeff"} {
		if problem := problemsOf(func(p *Problems) { p.requiredText("description", text) }); problem != "input.description: must not be empty" {
			t.Errorf("%q: %q", text, problem)
		}
	}
}
