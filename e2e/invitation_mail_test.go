package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestInvitationByMail lets a colleague in with the link from a message that a real mail server got. Visits of the link don't use it up; the
// mutation does.
func TestInvitationByMail(t *testing.T) {
	t.Parallel()
	frontEnd := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(frontEnd.Close)
	p, smtpServer := serveWithMail(t, frontEnd.URL)
	admin := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	invited := p.must(admin, `mutation { inviteUser(input: {name: "Bo", email: "bo@crm.example"}) { user { id } } }`, nil)

	_, link, token := mailWithLink(t, smtpServer, "bo@crm.example", "accept-invitation")
	const accept = `mutation($token: String!) {
		acceptInvitation(input: {token: $token, password: "battery staple"}) { viewer { ... on User { id } } tokens { accessToken } } }`
	p.visitAll(link, p.addressOf(accept, token))
	accepted := p.must("", accept, variables{"token": token})
	if got, want := accepted.text("acceptInvitation.viewer.id"), invited.text("inviteUser.user.id"); got != want {
		t.Errorf("the account is %s, want %s", got, want)
	}
	again, err := p.ask("", accept, variables{"token": token})
	if err != nil || again.code() != "BAD_USER_INPUT" {
		t.Errorf("the second use gets %v, %s", err, again.raw)
	}
	p.must("", logIn, variables{"email": "bo@crm.example", "password": "battery staple"})
	p.stop()
	if logs := read(t, p.logs); strings.Contains(logs, token[24:]) || strings.Contains(logs, "battery staple") {
		t.Error("the log contains a secret")
	}
}
