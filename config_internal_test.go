package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crm/auth"
)

// The table of settings in the documentation is between these lines.
const (
	tableBegin = "<!-- The table of settings, written by: WRITE=true go test -run SettingsTable . -->\n"
	tableEnd   = "<!-- The end of the table of settings. -->\n"
)

// TestSettingsTable compares the table in the documentation with the settings, or writes it.
func TestSettingsTable(t *testing.T) {
	t.Parallel()
	const path = "docs/configuration.md"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), tableBegin)
	table, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s lacks the line\n%s or\n%s", path, tableBegin, tableEnd)
	}
	s := newSettings()
	want := "\n" + s.declared().Markdown() + "\n"
	if os.Getenv("WRITE") == "true" {
		if err := os.WriteFile(path, []byte(before+tableBegin+want+tableEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if table != want {
		t.Errorf("the table of settings in %s is not current; its first line says how to write it", path)
	}
}

// TestSettingsAreDeclaredOnce checks the declarations: their names, defaults, descriptions and packages.
func TestSettingsAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, group := range new(settings).declared() {
		if info, err := os.Stat(strings.TrimPrefix(group.Reader, "crm")); group.Reader != "crm" && (err != nil || !info.IsDir()) {
			t.Errorf("%s is read by %s, which isn't a package", group.Title, group.Reader)
		}
		for _, s := range group.Settings {
			if names[s.Name] || !regexp.MustCompile(`^[A-Z][A-Z0-9_]*[A-Z]$`).MatchString(s.Name) {
				t.Errorf("the name %q is wrong or not unique", s.Name)
			}
			names[s.Name] = true
			if s.Description == "" || strings.ContainsAny(s.Description+s.Otherwise+s.Default, "|\n") {
				t.Errorf("%s can't be described in a table: %q", s.Name, s.Description)
			}
			if s.Secret && s.Default != "" || s.Unless != "" && s.Default != "true" {
				t.Errorf("%s has a default that makes no sense", s.Name)
			}
		}
	}
	// All defaults are valid, and those that other settings change.
	for _, environment := range [][]string{nil, append(auth.NewVariables(), "MONGO_URI=mongodb://h")} {
		s, values := readSettings(environment, filepath.Join(t.TempDir(), "none"))
		if err := values.Err(); err != nil || s.port != 8080 || s.introspection == (environment != nil) || !s.playground {
			t.Errorf("the defaults are %v, error %v", s, err)
		}
	}
}

// commented matches the lines of .env.example that set a variable, and are comments.
var commented = regexp.MustCompile(`(?m)^#([A-Z0-9_]+=)`)

// TestExample checks that every line of .env.example can be used as it is.
func TestExample(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(".env.example")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, file := range map[string]string{"persisted-query-manifest.json": `{"a":"{__typename}"}`, "mail-templates/ticket.txt": ""} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if file == "" {
			template, err := os.ReadFile("notify/templates/ticket.txt")
			if err != nil {
				t.Fatal(err)
			}
			file = string(template)
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := commented.ReplaceAll(content, []byte("$1"))
	all = bytes.ReplaceAll(all, []byte("=persisted-query"), []byte("="+folder+"/persisted-query"))
	all = bytes.ReplaceAll(all, []byte("=mail-templates"), []byte("="+folder+"/mail-templates"))
	all = bytes.ReplaceAll(all, []byte("SMTP_PASSWORD_FILE=/run/secrets/smtp_password\n"), nil)
	writeCertificate(t, 1, filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	for _, name := range []string{"cert", "key"} {
		all = bytes.ReplaceAll(all, []byte("="+name+".pem"), []byte("="+folder+"/"+name+".pem"))
	}
	all = bytes.ReplaceAll(all, []byte("ACME_DOMAIN=crm.example.com"), []byte("ACME_DOMAIN=")) // it is instead of a certificate
	path := filepath.Join(folder, ".env")
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	_, values := readSettings([]string{"SMTP_PASSWORD=p"}, path)
	if err := values.Err(); err != nil {
		t.Error(err)
	}
	if warnings := strings.Join(values.Warnings(), "\n"); strings.Count(warnings, "SECRET_KEY: this is the key of an example") != 3 {
		t.Errorf("the warnings are\n%s", warnings)
	}
	if unrelated := values.Unrelated(); len(unrelated) > 0 {
		t.Errorf("it has variables that aren't settings: %v", unrelated)
	}
	for _, group := range new(settings).declared() {
		for _, s := range group.Settings {
			if !strings.HasPrefix(s.Name, "LIMIT_") && !bytes.Contains(content, []byte(s.Name+"=")) {
				t.Errorf("it doesn't have %s", s.Name)
			}
		}
	}
}
