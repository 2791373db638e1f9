package e2e_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"crm/db/demo"
)

// ends starts the program with arguments or settings that make it exit, and returns its output.
func ends(t *testing.T, folder string, vars []string, code int, arguments ...string) (out, logs string) {
	t.Helper()
	return endsReading(t, folder, vars, "", code, arguments...)
}

// endsReading is ends with a standard input.
func endsReading(t *testing.T, folder string, vars []string, input string, code int, arguments ...string) (out, logs string) {
	t.Helper()
	p := beginReading(t, folder, vars, input, arguments...)
	if got := p.exit(); got != code {
		t.Errorf("%v %v: exit code %d, want %d", vars, arguments, got, code)
	}
	return read(t, p.out), read(t, p.logs)
}

// refuses checks that the program exits with a line for each wrong variable, which contain all words.
func refuses(t *testing.T, vars []string, words []string, arguments ...string) {
	t.Helper()
	out, logs := ends(t, t.TempDir(), vars, 1, arguments...)
	lines := strings.Split(strings.TrimSuffix(logs, "\n"), "\n")
	wrong := slices.ContainsFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "crm: ") })
	if out != "" || wrong || len(lines) > max(1, len(vars), len(words)) {
		t.Errorf("%v %v: the output is\n%s%s", vars, arguments, out, logs)
	}
	for _, word := range words {
		if !strings.Contains(logs, word) {
			t.Errorf("%v %v: there is no %q in\n%s", vars, arguments, word, logs)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	out, _ := ends(t, t.TempDir(), nil, 0, "--help")
	for _, command := range []string{"crm demo", "crm health", "crm config", "--version"} {
		if !strings.Contains(out, command) {
			t.Errorf("the help lacks %q:\n%s", command, out)
		}
	}
	if out, _ := ends(t, t.TempDir(), nil, 0, "--version"); !strings.HasPrefix(out, "crm ") {
		t.Errorf("the version is %q", out)
	}
	keys, _ := ends(t, t.TempDir(), []string{"PORT=x"}, 0, "keys")
	if lines := strings.Fields(keys); len(lines) != 3 || !strings.HasPrefix(lines[1], "USER_SECRET_KEY=") {
		t.Errorf("the keys are\n%s", keys)
	}
	refuses(t, nil, []string{`"nonsense"`, "--help"}, "nonsense")
	refuses(t, nil, []string{"--customers"}, "demo", "--customers", "0")
	refuses(t, nil, []string{"--customers"}, "demo", "me")
}

// wrongSetting is environment variables, and words that the refusal must have.
type wrongSetting struct {
	variables string
	words     []string
}

func wrongSettings() []wrongSetting {
	const keys = "SECRET_KEY=the-first-key-of-32-characters-or-more USER_SECRET_KEY=the-second-key-of-32-characters-or-more " +
		"CUSTOMER_SECRET_KEY=the-third-key-of-32-characters-or-more"
	return []wrongSetting{
		{"PORT=x", []string{"PORT: must be a port number"}},
		{"HOST=127.0.0.1:8080", []string{"HOST", "without a port"}},
		{"PASSWORD_COST=9", []string{"PASSWORD_COST", "from 10 to 14"}},
		{"BASE_PATH=crm", []string{"BASE_PATH", "/crm"}},
		{"PROXY_PROTOCOL=true", []string{"PROXY_PROTOCOL", "TRUSTED_PROXIES"}},
		{"SMTP_PORT=99999", []string{"SMTP_PORT", "65535"}},
		{"SMTP_HOST=localhost SMTP_MAIL=nobody", []string{"SMTP_MAIL"}},
		{"SMTP_HOST=localhost SMTP_MAIL=crm@example.com SMTP_PORT=0", []string{"SMTP_PORT"}},
		{"SMTP_HOST=localhost", []string{"SMTP_MAIL"}},
		{"SMTP_HOST=localhost:587 SMTP_MAIL=crm@example.com", []string{"SMTP_HOST", "without a port"}},
		{"SMTP_HOST=localhost SMTP_MAIL=crm@example.com SMTP_TLS=ssl", []string{"SMTP_TLS", "starttls"}},
		{"ALLOWED_ORIGINS=nonsense", []string{"ALLOWED_ORIGINS", "entry 1"}},
		{"PLAYGROUND=maybe", []string{"PLAYGROUND", "true or false"}},
		{"LOG_LEVEL=loud", []string{"LOG_LEVEL", "debug"}},
		{"TRUSTED_PROXIES=x", []string{"TRUSTED_PROXIES", "entry 1"}},
		{"PUBLIC_URL=crm.example.com", []string{"PUBLIC_URL", "https://crm.example.com"}},
		{"PUBLIC_URL=https://asha:secret@crm.example.com", []string{"PUBLIC_URL"}},
		{"LINK_PATH=/tickets", []string{"LINK_PATH", "{id}"}},
		{"DEFAULT_TIME_ZONE=Local", []string{"DEFAULT_TIME_ZONE", "IANA"}},
		{"MAIL_TEMPLATES=none", []string{"MAIL_TEMPLATES", "no such file"}},
		{"SMTP_REPLY_TO=support", []string{"SMTP_REPLY_TO", "address"}},
		{"PORT=x LOG_LEVEL=loud LIMIT_DEPTH=0 LIMIT_TIME=x SMTP_PORT=x SMTP_TLS=ssl DEFAULT_TIME_ZONE=x BATCHING=no",
			[]string{"PORT:", "LOG_LEVEL:", "LIMIT_DEPTH:", "LIMIT_TIME:", "SMTP_PORT:", "SMTP_TLS:", "DEFAULT_TIME_ZONE:", "BATCHING:"}},
		{"USER_SECRET_KEY=hunter2", []string{"USER_SECRET_KEY", "12", "crm keys"}},
		{"USER_SECRET_KEY=samesamesame SECRET_KEY=samesamesame", []string{"USER_SECRET_KEY", "of SECRET_KEY"}},
		{"SMTP_PASSWORD_FILE=none", []string{"SMTP_PASSWORD_FILE", "no such file"}},
		{"CACHE_BYTES=64MB", []string{"CACHE_BYTES", "number of bytes"}},
		{"CACHE_BYTES=1000", []string{"CACHE_BYTES", "1048576"}},
		{"LIMIT_TOKENS=many", []string{"LIMIT_TOKENS", "whole number"}},
		{"LIMIT_DEPTH=0", []string{"LIMIT_DEPTH", "from 1"}},
		{"LOG_SLOW=500", []string{"LOG_SLOW", "500ms"}},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318 OTEL_TRACES_SAMPLER=often OTEL_TRACES_SAMPLER_ARG=2 OTEL_EXPORTER_OTLP_HEADERS=hunter2", []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT: ", "OTEL_TRACES_SAMPLER: ", "OTEL_TRACES_SAMPLER_ARG: ", "OTEL_EXPORTER_OTLP_HEADERS: "}},
		{"METRICS_ADDR=9464 METRICS_TOKEN=tooshort", []string{"METRICS_ADDR", "METRICS_TOKEN", "12"}},
		{"LIMIT_TIME=2m", []string{"LIMIT_TIME", "50s"}},
		{"LIMIT_TIME=30", []string{"LIMIT_TIME", "30s"}},
		{"TRUSTED_DOCUMENTS=none.json", []string{"TRUSTED_DOCUMENTS", "no such file"}},
		{"LIMIT_STREAMS=0", []string{"LIMIT_STREAMS", "from 1"}},
		{"LIMIT_STREAMS_PER_ADDRESS=many", []string{"LIMIT_STREAMS_PER_ADDRESS", "whole number"}},
		{"MONGO_URI=foo " + keys, []string{"MONGO_URI"}},
		{"MONGO_URI=mongodb:// " + keys, []string{"MONGO_URI"}},
		{"MONGO_URI=mongodb://localhost MONGO_DATABASE=a/b " + keys, []string{"MONGO_DATABASE", "must not contain"}},
		{"MONGO_URI=mongodb://localhost", []string{" SECRET_KEY", "USER_SECRET_KEY", "CUSTOMER_SECRET_KEY"}},
		{"MONGO_URI=mongodb://localhost SECRET_KEY=a-first-key-of-12 USER_SECRET_KEY=a-second-key", []string{": CUSTOMER_SECRET_KEY: must"}},
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	file := create(t, filepath.Join(t.TempDir(), "file")).Name()
	noData := t.TempDir()
	if err := os.WriteFile(filepath.Join(noData, "crm.db"), bytes.Repeat([]byte("nonsense"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	used := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	tests := append(wrongSettings(),
		wrongSetting{"PORT=" + used, []string{"PORT", used}},
		wrongSetting{"DATA_DIR=" + file, []string{"DATA_DIR", file}},
		wrongSetting{"DATA_DIR=" + noData, []string{"DATA_DIR", "crm.db"}},
	)
	for _, test := range tests {
		t.Run(test.variables, func(t *testing.T) {
			t.Parallel()
			refuses(t, strings.Fields(test.variables), test.words)
		})
	}
}

// TestDotEnv checks that a file .env configures the program, that the environment takes precedence, and what crm config says.
func TestDotEnv(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(content string) {
		if err := os.WriteFile(filepath.Join(folder, ".env"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("PORT=x\nDATA_DIR=elsewhere\n")
	p := serve(t, folder, "LIMIT_DEPHT=7")
	checkModes(t, filepath.Join(folder, "elsewhere"))
	if logs := read(t, p.logs); !strings.Contains(logs, "did you mean LIMIT_DEPTH?") {
		t.Errorf("the warnings are\n%s", logs)
	}

	write("SMTP_HSOT=mail.example.com\n")
	if _, logs := ends(t, folder, nil, 1); logs != "crm: .env, line 1: SMTP_HSOT is not a setting; did you mean SMTP_HOST?\n" {
		t.Errorf("the errors are\n%s", logs)
	}
	write("PORT=x\n\nSMTP_HOST=mail.example.com\nSMTP_MAIL=crm@example.com\nSMTP_PASSWORD=cy8$V2dABC\nOTHER='x\nUSER_SECRET_KEY=hunter2hunter2\n")
	out, logs := ends(t, folder, nil, 1, "config")
	for _, want := range []string{
		`(?m)^PORT +0 +environment$`, `(?m)^SMTP_HOST +mail\.example\.com +\.env, line 3$`, `(?m)^SMTP_PASSWORD +\*{8} +\.env, line 5$`,
		`(?m)^SMTP_PORT +587 +default$`, `(?m)^LIMIT_DEPTH +20 +default$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
	if logs != "crm: warning: USER_SECRET_KEY: a key has less than 32 characters, or few different ones; crm keys prints good ones\n"+
		"crm: .env, line 6: the quotation mark isn't closed on this line\n" {
		t.Errorf("the errors are\n%s", logs)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	for _, folder := range []string{folder, other} {
		out, _ := ends(t, folder, nil, 0, "demo", "--customers", "5")
		for _, word := range []string{demo.Admin, demo.Password} {
			if !strings.Contains(out, word) {
				t.Errorf("there is no %q in\n%s", word, out)
			}
		}
	}
	if _, logs := ends(t, folder, nil, 1, "demo", "--customers", "5"); strings.Count(logs, "\n") != 1 ||
		!strings.Contains(logs, "DATA_DIR=demo crm demo") {
		t.Errorf("the output of the second demo is\n%s", logs)
	}
	names := demoNames(t, folder)
	if again := demoNames(t, other); names != again {
		t.Errorf("two demos differ:\n%s\n%s", names, again)
	}
}

// demoNames serves a demo, and returns its names and texts.
func demoNames(t *testing.T, folder string) string {
	t.Helper()
	p := serve(t, folder)
	if strings.Contains(read(t, p.out), "mutation") {
		t.Errorf("with a demo, the greeting says that there is no user")
	}
	token := logInAs(p, demo.Admin, demo.Password)
	a := p.must(token, `{ customers(orderBy: [{field: EMAIL}]) { totalCount nodes {
		name company phone interactions(first: 10, orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes {
			title user { name } tickets(orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes { description status } } } } } }
		users(orderBy: [{field: EMAIL}]) { nodes { name } } }`, nil)
	checkDemoTickets(t, p, token)
	p.must("", `mutation { logInCustomer(input: {email: "customer5@demo.example", password: "demo-password"}) { customer { id } } }`, nil)
	if a.at("customers.totalCount") != 5.0 || a.text("customers.nodes.4.interactions.nodes.0.title") == "" {
		t.Errorf("the demo is %s", a.raw)
	}
	if status, body := p.get("/dev/mailbox", "application/json"); status != http.StatusOK || body != `{"messages":[]}` {
		t.Errorf("the demo's mailbox got %d %s", status, body)
	}
	names, _, _ := strings.Cut(a.raw, `"extensions"`)
	return names
}

// checkDemoTickets checks that the tickets of a demo are spread over weeks, and that no text repeats.
func checkDemoTickets(t *testing.T, p *process, token string) {
	t.Helper()
	a := p.must(token, `{ tickets(first: 100, orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes { number description createdAt } } }`, nil)
	nodes, _ := a.at("tickets.nodes").([]any)
	texts, days := map[string]bool{}, map[string]bool{}
	for i := range nodes {
		ticket := fmt.Sprintf("tickets.nodes.%d.", i)
		texts[a.text(ticket+"description")] = true
		days[a.text(ticket + "createdAt")[:10]] = true
		if number, _ := a.at(ticket + "number").(float64); int(number) != i+1 {
			t.Errorf("the ticket at place %d has the number %v", i+1, number)
		}
	}
	if len(nodes) < 5 || len(texts) != len(nodes) || len(days) < 14 {
		t.Errorf("%d tickets have %d texts and were raised on %d days", len(nodes), len(texts), len(days))
	}
}
