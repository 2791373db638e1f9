package db

import (
	"strings"
	"testing"
	"time"
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

func TestEmail(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for address, ok := range map[string]bool{
		"rohan@gmail.com": true, "Rohan.Kumar+crm@mail.example.co.in": true, "o'brien@example.com": true, "a@b": true,
		"x@localhost": true, "!#$%&'*+/=?^_`{|}~-@example.com": true, "a@1.2.3": true, "a.@example.com": true,
		"": false, "rohan": false, "@example.com": false, "rohan@": false, "a@b@c": false, "a b@example.com": false, " a@example.com": false,
		"a@example.com ": false, "a@-example.com": false, "a@example-.com": false, "a@.com": false, "a@example..com": false,
		"ä@example.com": false, "a@exämple.com": false, "a@example.com\n": false, "a@example.com\r\nBcc: b@example.com": false,
		"a\x00@example.com": false, "<a@example.com>": false, "A <a@example.com>": false, "a@example.com,b@example.com": false,
		`"a b"@example.com`: false, "a@[127.0.0.1]": false,
		strings.Repeat("a", 64) + "@example.com": true, strings.Repeat("a", 65) + "@example.com": false,
		"a@" + label + "." + label + "." + label + "." + strings.Repeat("a", 60): true,
		"a@" + label + "." + label + "." + label + "." + strings.Repeat("a", 61): false,
		"a@" + label + "a.com": false, strings.Repeat("a@", 100_000): false,
	} {
		if problem := problemsOf(func(p *Problems) { p.email(address) }); (problem == "") != ok {
			t.Errorf("%.80q: %q, want it to be valid: %t", address, problem, ok)
		} else if !ok && !strings.HasPrefix(problem, "input.email: must ") {
			t.Errorf("%.80q: the message is %q", address, problem)
		}
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	for number, ok := range map[string]bool{
		"112": true, "+91 22 6778 9999": true, "(022) 6778-9999": true, "022/6778.9999": true, "+1 (555) 010-9999 x12": true,
		"555-0100x1": true, " 5550100 ": true, "+49 (0) 30 1234": true, "(030) 123 x9": true,
		"x12": false, "555-0100 x": false, "+": false, "-": false, "1": false, "++1 555": false, "555 EXT 1": false, "call me": false,
		"٠١٢٣٤": false, "555\n0100": false, "555\x000100": false, "<b>555</b>": false,
		strings.Repeat("1", 40): true, strings.Repeat("1", 41): false,
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
		"Rohan": "", " Rohan ": "", "日本": "", "👩‍👩‍👧‍👦": "", strings.Repeat("é", maxName): "", "<b>": "", "a\u00a0b": "",
		"": "must not be empty", " \u00a0\u2003\t": "must not be empty", strings.Repeat("é", maxName+1): "at most 200 characters, not 201",
		"a\x00b": "control", "a\nb": "control", "a\rb": "control", "a\tb": "control", "a\u0085b": "control", "a\x7fb": "control",
		"a\u2028b": "control", "a\u2029b": "control", "a\xffb": "valid UTF-8",
	} {
		problem := problemsOf(func(p *Problems) { p.line("name", text) })
		if want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%.40q: %q, want %q", text, problem, want)
		}
	}
	if got := new(Problems).line("name", "\n Rohan K. \u00a0"); got != "Rohan K." {
		t.Errorf("the surrounding spaces stay: %q", got)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "one\n\ttwo\r\n": "", strings.Repeat("日", maxDescription): "",
		strings.Repeat("日", maxDescription+1): "at most 10000", "a\x00b": "control", "a\x1bb": "control", "a\xc0b": "valid UTF-8",
	} {
		problem := problemsOf(func(p *Problems) { p.text("description", text) })
		if want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%.40q: %q, want %q", text, problem, want)
		}
	}
	if problem := problemsOf(func(p *Problems) { p.requiredText("description", " \n") }); problem != "input.description: must not be empty" {
		t.Errorf("an empty text: %q", problem)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	start := time.Date(2050, 1, 1, 10, 0, 0, 0, time.UTC)
	at := func(t time.Time) *End { return &End{Time: &t} }
	after := func(n int) *End { return &End{Minutes: &n} }
	both := after(5)
	both.Time = &start
	for name, test := range map[string]struct {
		end  *End
		want time.Time
		text string
	}{
		"none":             {end: nil},
		"open":             {end: &End{}},
		"at once":          {end: at(start), want: start},
		"later":            {end: at(start.Add(time.Hour)), want: start.Add(time.Hour)},
		"before":           {end: at(start.Add(-time.Millisecond)), text: "must not be before startTime"},
		"very late":        {end: at(latest), text: "in the years 1970 to 2199"},
		"a minute":         {end: after(1), want: start.Add(time.Minute)},
		"a year":           {end: after(maxMinutes), want: start.AddDate(1, 0, 0)},
		"no minutes":       {end: after(0), text: "from 1 to 525600, not 0"},
		"minutes backward": {end: after(-1), text: "from 1 to 525600, not -1"},
		"more than a year": {end: after(maxMinutes + 1), text: "from 1 to 525600"},
		"both":             {end: both, text: "together with endTime"},
	} {
		var got *time.Time
		problem := problemsOf(func(p *Problems) { got = p.end(start, test.end) })
		if test.text == "" && problem != "" || !strings.Contains(problem, test.text) {
			t.Errorf("%s: %q, want %q", name, problem, test.text)
		}
		if test.text == "" && (got == nil) != test.want.IsZero() || test.text == "" && got != nil && !got.Equal(test.want) {
			t.Errorf("%s ends at %v, want %v", name, got, test.want)
		}
	}
}
