package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample are some settings.
type sample struct {
	host, password string
	port, limit    int
	on, follows    bool
	time           time.Duration
}

func (s *sample) declared() Declaration {
	s.limit = 20
	return Declaration{
		{Title: "Mail", Reader: "mail", Prefix: "SMTP_", Settings: []Setting{
			{Name: "SMTP_HOST", Value: Text(&s.host, "host"), Description: "the server"},
			{Name: "SMTP_PORT", Value: Port(&s.port, 1), Default: "587", Description: "its port"},
			{Name: "SMTP_PASSWORD", Value: Text(&s.password, "password"), Secret: true, Otherwise: "made by `crm`", Description: "its password"},
		}},
		{Title: "Limits", Reader: "graph", Settings: []Setting{
			Limit("LIMIT_DEPTH", &s.limit, "depth"),
			{Name: "LIMIT_TIME", Value: Duration(&s.time), Default: "30s", Description: "time"},
			{Name: "BATCHING", Value: Flag(&s.on), Default: "false", Description: "batches"},
			{Name: "MAILBOX", Value: Flag(&s.follows), Default: "true", Unless: "SMTP_HOST", Description: "mailbox"},
		}},
	}
}

// readSample reads settings from a file .env, and from an environment.
func readSample(t *testing.T, dotEnv string, environment ...string) (*sample, *Values) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if dotEnv != "" {
		if err := os.WriteFile(path, []byte(dotEnv), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := new(sample)
	return s, Read(s.declared(), environment, path)
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dotEnv      string
		environment []string
		want        sample
	}{
		"nothing":           {"", nil, sample{port: 587, limit: 20, time: 30 * time.Second, follows: true}},
		"a file":            {"SMTP_HOST=h\nLIMIT_DEPTH=7", nil, sample{host: "h", port: 587, limit: 7, time: 30 * time.Second}},
		"the environment":   {"", []string{"BATCHING=1", "LIMIT_TIME=1m"}, sample{port: 587, limit: 20, time: time.Minute, on: true, follows: true}},
		"both":              {"SMTP_PORT=25\nBATCHING=true", []string{"SMTP_PORT=465"}, sample{port: 465, limit: 20, time: 30 * time.Second, on: true, follows: true}},
		"an empty variable": {"SMTP_PORT=25", []string{"SMTP_PORT="}, sample{port: 587, limit: 20, time: 30 * time.Second, follows: true}},
		"a value that overrides a changed default": {"MAILBOX=true", []string{"SMTP_HOST=h"},
			sample{host: "h", port: 587, limit: 20, time: 30 * time.Second, follows: true}},
	} {
		got, values := readSample(t, test.dotEnv, test.environment...)
		if err := values.Err(); err != nil || *got != test.want {
			t.Errorf("%s: got %+v, error %v", name, *got, err)
		}
	}
}

// TestWrongValues checks that all wrong values are reported, each once, with its place and without the value.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	got, values := readSample(t, "hunter2\nSMTP_PORT=hunter2\nSMTP_PASSWORD='hunter2\nOTHER='hunter2\nBATCHING=yes", "LIMIT_DEPTH=hunter2")
	values.Wrong("SMTP_PORT", errors.New("has another error"))
	values.Wrong("SMTP_HOST", errors.New("must be set"))
	values.Wrong("SMTP_HOST", nil)
	const want = `.env, line 1: must have the form NAME=value
.env, line 3: SMTP_PASSWORD: the quotation mark isn't closed on this line
.env, line 4: the quotation mark isn't closed on this line
.env, line 2: SMTP_PORT: must be a port number from 1 to 65535
LIMIT_DEPTH: must be a whole number from 1 to 2147483647
.env, line 5: BATCHING: must be true or false
SMTP_HOST: must be set`
	if err := values.Err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v", err)
	}
	if got.port != 587 || got.limit != 20 {
		t.Errorf("wrong values have no default: %+v", got)
	}
}

// TestSecretFiles reads secrets from files, which variables name.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, other := "SMTP_PASSWORD_FILE="+write("good", "\ufeff cy8$V2 #\r\n"), "SMTP_PASSWORD_FILE="+write("other", "other")
	for name, test := range map[string]struct{ dotEnv, environment, want, problem string }{
		"in the environment":         {"", good, " cy8$V2 #", ""},
		"in .env":                    {good, "", " cy8$V2 #", ""},
		"in both":                    {other, good, " cy8$V2 #", ""},
		"the environment has it":     {other, "SMTP_PASSWORD=p", "p", ""},
		"the environment has a file": {"SMTP_PASSWORD=p", other, "other", ""},
		"beside an empty variable":   {"", "SMTP_PASSWORD=\n" + other, "other", ""},
		"twice":                      {"", "SMTP_PASSWORD=hunter2\n" + other, "", "only one of"},
		"missing":                    {"SMTP_PASSWORD_FILE=/hunter2", "", "", ".env, line 1: SMTP_PASSWORD: cannot read the file that SMTP_PASSWORD_FILE names: no such file"},
		"a folder":                   {"", "SMTP_PASSWORD_FILE=" + folder, "", "is a directory"},
		"empty":                      {"", "SMTP_PASSWORD_FILE=" + write("empty", "\n"), "", "it is empty"},
		"two lines":                  {"", "SMTP_PASSWORD_FILE=" + write("lines", "hunter2\nhunter2"), "", "more than one line"},
		"binary":                     {"", "SMTP_PASSWORD_FILE=" + write("binary", "hunter2\xff"), "", "not UTF-8"},
		"large":                      {"", "SMTP_PASSWORD_FILE=" + write("large", strings.Repeat("hunter2", 10_000)), "", "too large"},
		"endless":                    {"", "SMTP_PASSWORD_FILE=/dev/zero", "", "too large"},
	} {
		got, values := readSample(t, test.dotEnv, strings.Split(test.environment, "\n")...)
		err := values.Err()
		if got.password != test.want || (err == nil) != (test.problem == "") {
			t.Errorf("%s: got %q, error %v", name, got.password, err)
		}
		if err != nil && (!strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	_, values := readSample(t, "", good)
	var out strings.Builder
	if err := values.Print(&out); err != nil || !strings.Contains(out.String(), "SMTP_PASSWORD  ********  file "+filepath.Join(folder, "good")+"\n") {
		t.Errorf("got error %v and\n%s", err, out.String())
	}
}

// TestMistakenNames checks which unknown variables are probably misspelt settings.
func TestMistakenNames(t *testing.T) {
	t.Parallel()
	const meant, listed = " is not a setting; did you mean ", " is not a setting; crm config lists them"
	for name, want := range map[string]string{
		"SMTP_HSOT": meant + "SMTP_HOST?", "SMTP_PROT": meant + "SMTP_PORT?", "LIMIT_DEPHT": meant + "LIMIT_DEPTH?", "SMTP_HOSTS": meant + "SMTP_HOST?",
		"SMTP_HOS": meant + "SMTP_HOST?", "STMP_HOST": meant + "SMTP_HOST?", "smtp_host": meant + "SMTP_HOST?", "SMTPHOST": meant + "SMTP_HOST?",
		"SMTP_PASSWORD_FIEL": meant + "SMTP_PASSWORD_FILE?", "SMTP_PASSWRD_FILE": meant + "SMTP_PASSWORD_FILE?",
		"SMTP_PORT_FILE": listed, "SMTP_SERVER": listed, "SMTP_PASWORT": meant + "SMTP_PASSWORD?", "SMTP_": listed, "BATCHIN": meant + "BATCHING?",
		"SMTP_SERVICE_HOST": "", "SMTP_PORT_25_TCP_ADDR": "", "MONGO_INITDB_ROOT_PASSWORD": "", "COMPOSE_PROJECT_NAME": "", "PATH": "", "BATCH": "", "S": "",
	} {
		_, values := readSample(t, name+"=hunter2")
		err := values.Err()
		if want == "" && err == nil && values.Unrelated()[name] == "hunter2" {
			continue
		}
		if want == "" || err == nil || err.Error() != ".env, line 1: "+name+want {
			t.Errorf("%s in .env: the error is %v, want %q", name, err, want)
		}
		_, values = readSample(t, "", name+"=hunter2")
		if err, warnings := values.Err(), values.Warnings(); err != nil || len(warnings) != 1 || warnings[0] != "environment: "+name+want {
			t.Errorf("%s in the environment: error %v, warnings %q, want %q", name, err, warnings, want)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	values := Read(new(sample).declared(), nil, t.TempDir())
	if err := values.Err(); err == nil || !strings.Contains(err.Error(), "cannot read the file: is a directory") {
		t.Errorf("got %v", err)
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	_, values := readSample(t, "SMTP_PASSWORD=hunter2\nBATCHING=yes\nSMTP_HOST=\"a\\nb\"\nLIMIT_DEPTH=1\nLIMIT_DEPTH=2", "SMTP_PORT=25")
	var out strings.Builder
	if err := values.Print(&out); err != nil {
		t.Fatal(err)
	}
	if want := `# Mail (mail)
SMTP_HOST      "a\nb"    .env, line 3
SMTP_PORT      25        environment
SMTP_PASSWORD  ********  .env, line 1

# Limits (graph)
LIMIT_DEPTH  2        .env, line 5
LIMIT_TIME   30s      default
BATCHING     (wrong)  .env, line 2
MAILBOX      false    default
`; out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
	if got := strings.Join(values.Warnings(), "|"); got != ".env, line 5: LIMIT_DEPTH replaces the value in line 4" {
		t.Errorf("the warnings are %q", got)
	}
	_, values = readSample(t, "")
	out.Reset()
	if err := values.Print(&out); err != nil || !strings.Contains(out.String(), "SMTP_HOST      (none)         default\n") ||
		!strings.Contains(out.String(), "SMTP_PASSWORD  (made by crm)  default\n") {
		t.Errorf("got error %v and\n%s", err, out.String())
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	const want = "**Mail**\n\n| variable | value | default | |\n|---|---|---|---|\n" +
		"| `SMTP_HOST` | host | none | the server |\n" +
		"| `SMTP_PORT` | port | `587` | its port |\n" +
		"| `SMTP_PASSWORD` | password, secret | made by `crm` | its password |\n" +
		"\n**Limits**\n\n| variable | value | default | |\n|---|---|---|---|\n" +
		"| `LIMIT_DEPTH` | whole number | `20` | depth |\n" +
		"| `LIMIT_TIME` | time | `30s` | time |\n" +
		"| `BATCHING` | true or false | `false` | batches |\n" +
		"| `MAILBOX` | true or false | `true`, with `SMTP_HOST` `false` | mailbox |\n"
	if got := new(sample).declared().Markdown(); got != want {
		t.Errorf("got\n%s", got)
	}
}
