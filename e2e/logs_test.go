package e2e_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestLogs checks what the log says about slow operations and refused log-ins, and that it contains neither addresses of
// accounts nor passwords.
func TestLogs(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "LOG_SLOW=1ns", "LOG_LEVEL=warn", "TRUSTED_PROXIES=127.0.0.0/8,::1")
	token := p.must("", p.withSetupToken(signUp), nil).text("signUpUser.tokens.accessToken")
	for _, email := range []string{"asha@crm.example", "nobody@example.com"} {
		if a, err := p.ask("", logIn, variables{"email": email, "password": "a wrong one"}); err != nil || a.code() != "UNAUTHENTICATED" {
			t.Errorf("a wrong password got %v %s", err, a.raw)
		}
	}
	const change = `mutation { changePassword(input: {currentPassword: "a wrong one", newPassword: "another long one"}) { endedSessions } }`
	if a, err := p.ask(token, change, nil); err != nil || len(a.Errors) == 0 {
		t.Errorf("a wrong password got %v %s", err, a.raw)
	}
	logs := read(t, p.logs)
	var refused, known, slow int
	filter := fail2banFilter(t)
	for text := range strings.Lines(logs) {
		if banned, is := filter(text), strings.Contains(text, "log-in refused"); is != (banned != "") {
			t.Errorf("the filter for fail2ban finds %q in %s", banned, text)
		}
		var line struct {
			Msg, Address, Kind, Reason, Account, DocumentHash string
			DurationMs                                        float64
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("the line %s: %v", text, err)
		}
		switch line.Msg {
		case "log-in refused":
			refused++
			if line.Address != "127.0.0.1" && line.Address != "::1" || line.Kind != "user" || line.Reason == "" {
				t.Errorf("the line is %s", text)
			}
			if strings.HasPrefix(line.Account, "usr_") {
				known++
			}
		case "slow operation":
			slow++
			if line.DurationMs <= 0 || len(line.DocumentHash) != 64 {
				t.Errorf("the line is %s", text)
			}
		}
	}
	if refused != 3 || known != 2 || slow != 4 {
		t.Errorf("%d log-ins are refused, %d to accounts that exist, and %d operations are slow:\n%s", refused, known, slow, logs)
	}
	for _, secret := range []string{"asha@", "nobody@", "a wrong one"} {
		if strings.Contains(logs, secret) {
			t.Errorf("the log has %q:\n%s", secret, logs)
		}
	}
}

// fail2banFilter returns a function that finds what the filter in docs/accounts.md finds in a line: the address of a refused log-in. Like
// fail2ban, it removes the date before it looks for the expression.
func fail2banFilter(t *testing.T) func(line string) (address string) {
	t.Helper()
	page, err := os.ReadFile("../docs/accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	setting := func(name, placeholder, expression string) *regexp.Regexp {
		found := regexp.MustCompile(`(?m)^` + name + ` = (.*)$`).FindSubmatch(page)
		if found == nil {
			t.Fatalf("docs/accounts.md has no %s", name)
		}
		return regexp.MustCompile(regexp.MustCompile(placeholder).ReplaceAllString(string(found[1]), expression))
	}
	date, failure := setting("datepattern", `%%[YmdHMSz]`, `[0-9Z]+`), setting("failregex", `<ADDR>`, `([0-9a-fA-F:.]+)`)
	return func(line string) string {
		at := date.FindStringIndex(line)
		if at == nil {
			t.Fatalf("the filter for fail2ban finds no date in %s", line)
		}
		if found := failure.FindStringSubmatch(line[:at[0]] + line[at[1]:]); found != nil {
			return found[1]
		}
		return ""
	}
}
