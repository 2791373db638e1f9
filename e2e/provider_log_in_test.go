package e2e_test

import (
	"strings"
	"testing"

	"crm/auth/oidc/oidctest"
)

// TestProviderLogIn logs in with a provider that the environment names, restarts the server between the two steps, and looks for secrets in
// the log.
func TestProviderLogIn(t *testing.T) {
	t.Parallel()
	const (
		start    = `mutation { startProviderLogIn(input: {provider: "corp", audience: USER}) { url attempt } }`
		complete = `mutation($in: CompleteProviderLogInInput!) { completeProviderLogIn(input: $in) { tokens { accessToken } } }`
	)
	provider, folder := oidctest.Start(t), t.TempDir()
	vars := append(provider.Environment("OIDC_CORP_"), "PUBLIC_URL=https://crm.example.com", "OIDC_PROVIDERS=corp", "OIDC_CORP_CREATE=true", "LOG_LEVEL=debug")
	if out, _ := ends(t, folder, vars, 0, "config"); strings.Contains(out, oidctest.ClientSecret) || !strings.Contains(out, "OIDC_CORP_CLIENT_SECRET") {
		t.Errorf("the settings are printed as\n%s", out)
	}
	provider.Fail(true) // which doesn't keep the server from starting
	p := serve(t, folder, vars...)
	p.must("", signUp, nil)
	if a, err := p.ask("", start, nil); err != nil || a.code() != "UNAVAILABLE" {
		t.Errorf("a provider that is out of order gets %v, %s", err, a.raw)
	}
	p.stop()
	provider.Fail(false)
	p = serve(t, folder, vars...)
	begun := p.forgeHost("evil.example", start, nil)
	url := begun.text("startProviderLogIn.url")
	if !strings.Contains(url, "redirect_uri=https%3A%2F%2Fcrm.example.com%2Flog-in%2Fcorp&") {
		t.Errorf("somebody who logs in is sent to %s", url)
	}
	code, state := provider.LogIn(t, url, oidctest.Claims{"sub": "17", "email": "ravi@crm.example", "email_verified": true, "name": "Ravi"})
	p.stop()
	logs := read(t, p.logs)
	p = serve(t, folder, vars...)
	in := variables{"in": variables{"attempt": begun.text("startProviderLogIn.attempt"), "state": state, "code": code}}
	done := p.must("", complete, in)
	if a := p.must(done.text("completeProviderLogIn.tokens.accessToken"), viewer, nil); a.text("viewer.name") != "Ravi" {
		t.Errorf("after the log-in, the viewer is %s", a.raw)
	}
	if a, err := p.ask("", complete, in); err != nil || a.code() != "BAD_USER_INPUT" {
		t.Errorf("a code that was used gets %v, %s", err, a.raw)
	}
	p.stop()
	logs += read(t, p.logs)
	for _, secret := range []string{code, state, oidctest.ClientSecret, begun.text("startProviderLogIn.attempt")} {
		if secret == "" || strings.Contains(logs, secret) {
			t.Errorf("the log has a secret:\n%s", logs)
		}
	}
	if !strings.Contains(logs, "invalid_grant") || !strings.Contains(logs, "log-in refused") {
		t.Errorf("the log doesn't say why a log-in was refused:\n%s", logs)
	}
}
