package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crm/notify/mail/mailtest"
)

const (
	requestReset  = `mutation($email: EmailAddress!) { requestPasswordReset(input: {email: $email, audience: USER}) { expiresAt } }`
	resetPassword = `mutation($token: String!) {
		resetPassword(input: {token: $token, newPassword: "battery staple"}) { audience endedSessions } }`
)

// mailedLink matches the address of a page for a token.
var mailedLink = regexp.MustCompile(`http://\S+#token=([0-9a-f]+)`)

// TestPasswordResetByMail takes the link from a message that a real mail server got. Whoever visits it, such as a scanner of
// mail, doesn't use it up; the mutation does. A forged Host header changes nothing.
func TestPasswordResetByMail(t *testing.T) {
	t.Parallel()
	visits := make(chan string, 10)
	frontEnd := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { visits <- r.Method + " " + r.URL.String() }))
	t.Cleanup(frontEnd.Close)
	p, smtpServer := serveWithMail(t, frontEnd.URL)
	session := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")

	p.forgeHost("evil.example", requestReset, variables{"email": "asha@crm.example"})
	p.must("", requestReset, variables{"email": "nobody@crm.example"})
	message, link, token := mailWithLink(t, smtpServer, "asha@crm.example", "reset-password")
	if !strings.HasPrefix(link, frontEnd.URL+"/reset-password#") || strings.Contains(message.Text+message.HTML, "evil") {
		t.Errorf("the message is\n%s", message.Text)
	}
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		p.visit(method, link)
		if visited := <-visits; visited != method+" /reset-password" {
			t.Errorf("the front end's server gets %q", visited)
		}
		p.visit(method, p.addressOf(resetPassword, token))
	}

	used := p.must("", resetPassword, variables{"token": token})
	if used.text("resetPassword.audience") != "USER" || used.at("resetPassword.endedSessions") != 1.0 {
		t.Errorf("the reset answers %s", used.raw)
	}
	again, err := p.ask("", resetPassword, variables{"token": token})
	if err != nil || again.code() != "BAD_USER_INPUT" {
		t.Errorf("the second use gets %v, %s", err, again.raw)
	}
	ended, err := p.ask(session, viewer, nil)
	if err != nil || ended.status != http.StatusUnauthorized {
		t.Errorf("the former session gets %v, %s", err, ended.raw)
	}
	p.must("", logIn, variables{"email": "asha@crm.example", "password": "battery staple"})
	eventually(t, "the owner is told", func() bool {
		return slices.ContainsFunc(smtpServer.Inbox(), func(received mailtest.Received) bool {
			return strings.Contains(mailtest.Parse(t, received.Raw).Subject, "password for CRM has been changed")
		})
	})
	for _, received := range smtpServer.Inbox() {
		if message := mailtest.Parse(t, received.Raw); message.To.Address != "asha@crm.example" {
			t.Errorf("%s gets a message", message.To)
		}
	}
	p.stop()
	if logs := read(t, p.logs); strings.Contains(logs, token[24:]) || strings.Contains(logs, "battery staple") {
		t.Error("the log contains a secret")
	}
}

// mailWithLink waits for a message to an address with a link for an action, and returns it with the link and its token.
func mailWithLink(t *testing.T, smtpServer *mailtest.Server, to, action string) (message mailtest.Message, link, token string) {
	t.Helper()
	eventually(t, "a message to "+to+" arrives", func() bool {
		for _, received := range smtpServer.Inbox() {
			parsed := mailtest.Parse(t, received.Raw)
			found := mailedLink.FindStringSubmatch(parsed.Text)
			if parsed.To.Address == to && found != nil && strings.Contains(found[0], "/"+action+"#") {
				message, link, token = parsed, found[0], found[1]
			}
		}
		return link != ""
	})
	return message, link, token
}

// TestChangeOfAddressByMail verifies a customer's address and changes it with the links in the messages that a real mail server got, and
// undoes the change. Visits of the links use nothing up; each works once.
func TestChangeOfAddressByMail(t *testing.T) {
	t.Parallel()
	frontEnd := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(frontEnd.Close)
	p, smtpServer := serveWithMail(t, frontEnd.URL)
	admin := p.must("", signUp, nil).text("signUpUser.tokens.accessToken")
	carl := p.must(admin, `mutation { createCustomer(input: {name: "Carl", email: "carl@customer.example", password: "correct horse"}) { customer { id } } }`, nil).
		text("createCustomer.customer.id")
	p.must(admin, createInteraction, variables{"customer": carl, "title": "Review"})
	token := p.must("", `mutation { logInCustomer(input: {email: "carl@customer.example", password: "correct horse"}) { tokens { accessToken } } }`, nil).
		text("logInCustomer.tokens.accessToken")
	sees := func(want float64) {
		t.Helper()
		if a := p.must(token, `{ interactions { totalCount } }`, nil); a.at("interactions.totalCount") != want {
			t.Errorf("the customer sees %s, want %v", a.raw, want)
		}
	}
	sees(0)

	// use takes the link from the message to an address, lets scanners visit it, and checks that the mutation works once with it.
	use := func(viewer, to, action, mutation string) {
		t.Helper()
		_, link, mailed := mailWithLink(t, smtpServer, to, action)
		p.visitAll(link, p.addressOf(mutation, mailed))
		p.must(viewer, mutation, variables{"token": mailed})
		if again, err := p.ask(viewer, mutation, variables{"token": mailed}); err != nil || again.code() != "BAD_USER_INPUT" {
			t.Errorf("the second use of the link to %s gets %v, %s", action, err, again.raw)
		}
	}
	use(token, "carl@customer.example", "verify-email", `mutation($token: String!) { verifyEmail(input: {token: $token}) { viewer { __typename } } }`)
	sees(1)
	p.must(token, `mutation { requestEmailChange(input: {email: "carl@new.example", password: "correct horse"}) { expiresAt } }`, nil)
	use(token, "carl@new.example", "change-email", `mutation($token: String!) { confirmEmailChange(input: {token: $token}) { viewer { __typename } } }`)
	use("", "carl@customer.example", "undo-email-change",
		`mutation($token: String!) { undoEmailChange(input: {token: $token, newPassword: "battery staple"}) { endedSessions } }`)
	if a, err := p.ask(token, viewer, nil); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("after that, the session gets %v, %s", err, a.raw)
	}
	p.must("", `mutation { logInCustomer(input: {email: "carl@customer.example", password: "battery staple"}) { customer { id } } }`, nil)
	p.stop()
}

// visitAll visits addresses as programs that scan mail do.
func (p *process) visitAll(addresses ...string) {
	p.t.Helper()
	for _, address := range addresses {
		p.visit(http.MethodHead, address)
		p.visit(http.MethodGet, address)
	}
}

// addressOf returns the address that sends a mutation with a token by GET, which must not run it.
func (p *process) addressOf(mutation, token string) string {
	return p.url + "/graphql?" + url.Values{"query": {mutation}, "variables": {`{"token": "` + token + `"}`}}.Encode()
}

// visit requests a page as a mail scanner does.
func (p *process) visit(method, address string) {
	p.t.Helper()
	request, err := http.NewRequest(method, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
}

// forgeHost sends an operation that must succeed, with forged headers that name another host.
func (p *process) forgeHost(host, query string, vars variables) answer {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Host = host
	for field, value := range map[string]string{
		"Content-Type": "application/json", "X-Forwarded-Host": host, "Forwarded": "host=" + host, "Referer": "https://" + host + "/",
	} {
		request.Header.Set(field, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := readAnswer(response)
	if err != nil || got.status != http.StatusOK || len(got.Errors) > 0 {
		p.t.Fatalf("%v %s", err, got.raw)
	}
	return got
}

// TestSignUpByMail signs a customer up with the link from a message, which is the only way where links can be mailed.
func TestSignUpByMail(t *testing.T) {
	t.Parallel()
	p, smtpServer := serveWithMail(t, "http://crm.example")
	refused, err := p.ask("", `mutation {
		signUpCustomer(input: {name: "Carl", email: "carl@customer.example", password: "correct horse"}) { customer { id } } }`, nil)
	if err != nil || refused.code() != "FORBIDDEN" {
		t.Errorf("signing up with anybody's address gets %v, %s", err, refused.raw)
	}
	_, customer := populate(p)
	p.must("", `mutation { requestSignUp(input: {email: "carl@customer.example"}) { expiresAt } }`, nil)
	_, _, token := mailWithLink(t, smtpServer, "carl@customer.example", "sign-up")
	const complete = `mutation($token: String!) {
		completeSignUp(input: {token: $token, password: "battery staple"}) { customer { id } tokens { accessToken } } }`
	p.visitAll(p.addressOf(complete, token))
	if got := p.must("", complete, variables{"token": token}); got.text("completeSignUp.customer.id") != customer {
		t.Errorf("the customer who signed up is %s, want %s", got.raw, customer)
	}
	again, err := p.ask("", complete, variables{"token": token})
	if err != nil || again.code() != "BAD_USER_INPUT" {
		t.Errorf("the second use gets %v, %s", err, again.raw)
	}
}
