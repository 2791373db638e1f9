package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crm/db/mongo/mongotest"
)

// TestTwoFactor sets up a second factor, restarts the server, logs in with it, and removes it with the command.
func TestTwoFactor(t *testing.T) {
	t.Parallel()
	const (
		start    = `mutation { startTwoFactor(input: {password: "correct horse"}) { secret uri qrCode } }`
		confirm  = `mutation($code: String!) { confirmTwoFactor(input: {code: $code}) { recoveryCodes } }`
		first    = `mutation { logInUser(input: {email: "asha@crm.example", password: "correct horse"}) { tokens { accessToken } challenge { token } } }`
		complete = `mutation($challenge: String!, $code: String!) { completeLogIn(input: {challenge: $challenge, code: $code}) { tokens { accessToken } } }`
	)
	for name, settings := range map[string]func(t *testing.T) []string{
		"sqlite": func(*testing.T) []string { return nil },
		"mongo": func(t *testing.T) []string {
			mongotest.SkipOnStandIn(t)
			return settingsOf(t, "mongo")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, vars := t.TempDir(), append(settings(t), "APP_NAME=Acme")
			p := serve(t, folder, vars...)
			token := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
			begun := p.must(token, start, nil)
			secret := begun.text("startTwoFactor.secret")
			code := func(from time.Duration) string {
				code, err := totp.GenerateCode(secret, time.Now().Add(from))
				if err != nil {
					t.Fatal(err)
				}
				return code
			}
			if uri := begun.text("startTwoFactor.uri"); !strings.HasPrefix(uri, "otpauth://totp/Acme:asha@crm.example?") {
				t.Errorf("the QR code contains %q", uri)
			}
			p.must(token, confirm, variables{"code": code(0)})
			p.stop()
			next := serve(t, folder, vars...)
			challenge := next.must("", first, nil).text("logInUser.challenge.token")
			a := next.must("", complete, variables{"challenge": challenge, "code": code(30 * time.Second)})
			if a = next.must(a.text("completeLogIn.tokens.accessToken"), viewer, nil); a.text("viewer.name") != "Asha" {
				t.Errorf("after the second step, the viewer is %s", a.raw)
			}
			if out, _ := ends(t, folder, vars, 0, "reset-two-factor", "asha@crm.example"); !strings.Contains(out, "without a second factor") {
				t.Errorf("the command prints %q", out)
			}
			if a := next.must("", first, nil); a.text("logInUser.tokens.accessToken") == "" {
				t.Errorf("without a second factor, a log-in got %s", a.raw)
			}
			for _, logs := range []string{read(t, p.logs), read(t, next.logs)} {
				if strings.Contains(logs, secret) || challenge != "" && strings.Contains(logs, challenge) {
					t.Errorf("the log has a secret:\n%s", logs)
				}
			}
		})
	}
}
