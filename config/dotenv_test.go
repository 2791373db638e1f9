package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestDotEnvLines reads lines literally, as shells and other programs understand them.
func TestDotEnvLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "",
		"\n  \n\t\n# comment\n #x=1": "",
		"A=1":                        "1 A=1",
		"\ufeffA=1\r\nB=2\r\n":       "1 A=1|2 B=2",
		"export A=1\nexport\tB=2\n":  "1 A=1|2 B=2",
		"export=1":                   "1 export=1",
		"  A = 1  ":                  "1 A=1",
		"A=":                         "1 A=",
		"A= # none":                  "1 A=",
		"A=cy8$V2dABC":               "1 A=cy8$V2dABC",
		"A=${B} $(id) `id`":          "1 A=${B} $(id) `id`",
		"A=a#b # comment # more":     "1 A=a#b",
		"A=#b":                       "1 A=#b",
		"A=a b\tc":                   "1 A=a b\tc",
		`A=C:\new\"x"`:               `1 A=C:\new\"x"`,
		"A=a=b==":                    "1 A=a=b==",
		"A=it's":                     "1 A=it's",
		"A='a $B #c \\n \" '":        "1 A=a $B #c \\n \" ",
		`A="a $B #c ' "`:             "1 A=a $B #c ' ",
		`A="\"\\\$\n\t\x\'"`:         "1 A=\"\\$\n\t\\x\\'",
		"A='' # empty":               "1 A=",
		`A=""`:                       "1 A=",
		"A='b'#c":                    "1 A=b",
		"A=grüße 🙂":                  "1 A=grüße 🙂",
		"A=1\nA=2":                   "1 A=1|2 A=2",

		"hunter2":               "1 " + errNoAssignment.Error(),
		"A: hunter2":            "1 " + errNoAssignment.Error(),
		"export A":              "1 " + errNoAssignment.Error(),
		"\nab+c/hunter2==":      "2 " + errName.Error(),
		"1A=hunter2":            "1 " + errName.Error(),
		"=hunter2":              "1 " + errName.Error(),
		"A B=hunter2":           "1 " + errName.Error(),
		"A='hunter2":            "1 A " + errOpenQuote.Error(),
		"A=\"hunter2\nB=1":      "1 A " + errOpenQuote.Error() + "|2 B=1",
		`A="hunter2\"`:          "1 A " + errOpenQuote.Error(),
		"A='hunter2'x":          "1 A " + errAfterQuote.Error(),
		"A='hunter'2'":          "1 A " + errAfterQuote.Error(),
		"A=hunter2\xff":         "1 " + errEncoding.Error(),
		"A=hunter2\x00":         "1 " + errControl.Error(),
		"A\x00=\x00h\x00\r\x00": "1 " + errControl.Error(),
	} {
		var got []string
		for _, l := range parseDotEnv([]byte(text)) {
			if l.err != nil {
				got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%d %s %v", l.number, l.name, l.err)), " "))
			} else {
				got = append(got, fmt.Sprintf("%d %s=%s", l.number, l.name, l.value))
			}
		}
		if got := strings.Join(got, "|"); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

// FuzzDotEnv checks that no file breaks the parser, that every line counts, and that errors quote nothing.
func FuzzDotEnv(f *testing.F) {
	f.Add("\ufeffexport A='x' # y\r\nB=\"\\n$C\"\n", "value")
	f.Fuzz(func(t *testing.T, before, value string) {
		const name = "SETTING"
		for _, l := range parseDotEnv([]byte(before + "\n" + name + "='" + value + "'")) {
			if l.err != nil && l.value != "" || l.number < 1 || l.number > strings.Count(before+value, "\n")+2 {
				t.Errorf("line %d has %q and the error %v", l.number, l.value, l.err)
			}
		}
		if strings.ContainsAny(value, "'\n") {
			return
		}
		lines := parseDotEnv([]byte(before + "\n" + name + "='" + value + "'"))
		if last := lines[len(lines)-1]; last.err == nil && (last.name != name || last.value != value) {
			t.Errorf("the value %q is read as %s=%q", value, last.name, last.value)
		}
	})
}
