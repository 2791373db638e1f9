package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Texts that must not be in any output, and in no error.
const (
	secretMark = "hunter2"
	valueMark  = "zebra7"
)

// configurator makes random configurations. Most of them are wrong.
type configurator struct {
	*rand.Rand
	names   []string
	secrets map[string]bool
	folder  string
}

func (c *configurator) pick(texts ...string) string { return texts[c.IntN(len(texts))] }

// name returns the name of a setting, of a secret's file, or a mistake, and whether the value is a secret.
func (c *configurator) name() (name string, secret bool) {
	name = c.pick(c.names...)
	if secret = c.secrets[name]; secret && c.IntN(3) == 0 {
		return name + "_FILE", true
	}
	if c.IntN(5) == 0 {
		i := c.IntN(len(name))
		name = name[:i] + c.pick("", "X", "_", "é", "-", " ") + name[i+c.IntN(2):]
		isSecret, known := c.secrets[strings.TrimSpace(name)]
		return name, isSecret || !known
	}
	return name, secret
}

// value returns a text with the mark, or one that may be right.
func (c *configurator) value(mark string) string {
	parts := []string{
		mark, mark, "\"", "'", "\\", "$", "${A}", "#", " #", " ", ",", "=", "\t", "\r", "é", "\xff", "\x00", "\ufeff", "@", "://", "/", "?", "%", ":",
		"mongodb://u:", "https://", "1", "true", "30s", "{id}", "\n",
	}
	text := c.pick("", "", "1", "true", "587", "crm@example.com", "mail.example.com", mark, "mongodb://user:"+mark+"@host/"+mark)
	for range c.IntN(8) {
		text += c.pick(parts...)
	}
	return text
}

func (c *configurator) assignment() string {
	name, secret := c.name()
	mark := valueMark
	if secret {
		mark = secretMark
	}
	if strings.HasSuffix(name, "_FILE") && c.IntN(2) == 0 {
		path := filepath.Join(c.folder, "secret")
		_ = os.WriteFile(path, []byte(c.value(mark)), 0o600) // if it can't be written, it is read as it is
		return name + "=" + path
	}
	return name + "=" + c.value(mark)
}

// dotEnv returns the content of a file .env.
func (c *configurator) dotEnv() string {
	content := c.pick("", "", "\ufeff", "\xff\xfe")
	for range c.IntN(12) {
		line := c.assignment()
		if name, value, _ := strings.Cut(line, "="); c.IntN(3) == 0 {
			quote := c.pick("'", "\"")
			line = name + "=" + quote + value + quote
		}
		content += c.pick("", "", "export ", " ", "#") + line + c.pick("\n", "\n", "\r\n", " # "+secretMark+"\n")
		if c.IntN(10) == 0 {
			content += c.value(secretMark) + "\n"
		}
	}
	return content
}

// TestRandomConfigurations reads random environments and files. None may make the program panic, and nothing that it writes
// about them may contain a secret, nor an error any value. THOROUGH=true tries ten thousand.
func TestRandomConfigurations(t *testing.T) {
	t.Parallel()
	cases := 1_000
	if os.Getenv("THOROUGH") == "true" {
		cases = 10_000
	}
	c := &configurator{Rand: rand.New(rand.NewPCG(1, 2)), secrets: map[string]bool{}, folder: t.TempDir()}
	for _, group := range new(settings).declared() {
		for _, s := range group.Settings {
			c.names, c.secrets[s.Name] = append(c.names, s.Name), s.Secret
		}
	}
	path, wrong := filepath.Join(c.folder, ".env"), 0
	for range cases {
		var environment []string
		for range c.IntN(6) {
			environment = append(environment, c.assignment())
		}
		dotEnv := c.dotEnv()
		if err := os.WriteFile(path, []byte(dotEnv), 0o600); err != nil {
			t.Fatal(err)
		}
		_, values := readSettings(environment, path)
		problems := strings.Join(values.Warnings(), "\n")
		if err := values.Err(); err != nil {
			problems += err.Error()
			wrong++
		}
		var printed strings.Builder
		if err := values.Print(&printed); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(problems, secretMark) || strings.Contains(problems, valueMark) || leaks(printed.String()) {
			t.Fatalf("the environment %q and the file %q make the program write\n%s\n%s", environment, dotEnv, problems, printed.String())
		}
	}
	if wrong == cases || wrong < cases/2 {
		t.Errorf("%d of %d configurations are wrong", wrong, cases)
	}
}

// leaks reports whether a list of settings has a secret.
func leaks(printed string) bool { return strings.Contains(printed, secretMark) }
