package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestAttacksOnAccounts tries to get at what belongs to somebody else by their address, and checks what that gains: nothing. The server
// requires verified addresses, and lets anybody sign up with any. The victim never has an account yet.
func TestAttacksOnAccounts(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for i, attack := range []struct {
			name string
			try  func(s *server, ada account, victim string)
		}{
			{"squat on an address before the staff enter it", squat},
			{"sign up with an address that the staff have entered", signUpAsAnother},
			{"register before an invitation, and keep the account", preregister},
			{"make somebody else verify an account", foistAccount},
			{"take an account over with its session", stealSession},
			{"take an account over with its password, and change the address twice", stealPassword},
		} {
			t.Run(attack.name, func(t *testing.T) {
				attack.try(s.in(t), ada, fmt.Sprintf("victim%d@example.org", i))
			})
		}
	})
}

func squat(s *server, ada account, victim string) {
	if way := s.must("", `{ customerSignup }`, nil).text("customerSignup"); way != "VERIFIED" {
		s.t.Errorf("a front end is told to sign customers up %s", way)
	}
	got := s.must("", signUpCustomer, variables{"email": victim})
	if got.at("signUpCustomer.customer") != nil || got.at("signUpCustomer.tokens") != nil {
		s.t.Errorf("signing up answers %s", got.raw)
	}
	if _, ok := s.logInAs(account{id: string(db.KindCustomer), email: victim}, password); ok {
		s.t.Error("the attacker can log in")
	}
	s.must(ada.token, createCustomerWithPassword, variables{"email": victim}) // which is no conflict
}

func signUpAsAnother(s *server, ada account, victim string) {
	id := s.must(ada.token, `mutation($email: EmailAddress!) { createCustomer(input: {name: "Victim", email: $email}) { customer { id } } }`,
		variables{"email": victim}).text("createCustomer.customer.id")
	meeting := s.createInteraction(ada, account{id: id}, "review")
	s.must("", signUpCustomer, variables{"email": victim})
	if _, ok := s.logInAs(account{id: id, email: victim}, password); ok {
		s.t.Error("the attacker can log in")
	}
	claimed := s.must("", completeSignUp, variables{"token": s.mailedToken(account{id: id}), "password": nextPassword})
	if claimed.text("completeSignUp.customer.id") != id || claimed.text("completeSignUp.customer.name") != "Victim" {
		s.t.Errorf("the victim gets %s", claimed.raw)
	}
	seen := s.must(claimed.text("completeSignUp.tokens.accessToken"), everything, nil)
	if got := seen.ids("interactions"); len(got) != 1 || got[0] != meeting {
		s.t.Errorf("the victim sees %s", seen.raw)
	}
}

// preregister has an account from before the server required verified addresses.
func preregister(s *server, ada account, victim string) {
	open := serve(s.t, s.store, db.Options{})
	got := open.must("", `mutation($email: EmailAddress!) { signUpCustomer(input: {name: "New", email: $email, password: "correct horse"}) {
		customer { id } tokens { accessToken refreshToken } } }`, variables{"email": victim})
	attacker := account{got.text("signUpCustomer.customer.id"), victim, got.text("signUpCustomer.tokens.accessToken"), got.text("signUpCustomer.tokens.refreshToken")}
	s.createInteraction(ada, attacker, "review")
	s.must(ada.token, inviteCustomer, variables{"id": attacker.id})
	invitation, reset := s.mailedToken(attacker), s.forget(attacker)
	// The attacker can't keep the victim's links from working.
	s.must(attacker.token, `mutation { changePassword(input: {currentPassword: "correct horse", newPassword: "I was here first"}) { endedSessions } }`, nil)
	s.must("", resetPassword, variables{"token": reset, "password": "not mine at all"})
	if s.alive(attacker) {
		s.t.Error("the attacker's session outlives the reset")
	}
	s.tokenRefused(acceptInvitation, invitation) // since the victim has chosen a password
	if _, ok := s.logInAs(attacker, "I was here first"); ok {
		s.t.Error("the attacker can log in")
	}
	victims, ok := s.logInAs(attacker, "not mine at all")
	if !ok {
		s.t.Fatal("the victim can't log in")
	}
	if seen := s.must(victims.token, everything, nil); len(seen.ids("interactions")) != 1 {
		s.t.Errorf("the victim sees %s", seen.raw)
	}
}

func foistAccount(s *server, ada account, victim string) {
	attacker := s.addCustomer(ada, "attacker-"+victim)
	s.verify(attacker)
	token := s.asksToChange(attacker, victim)
	other := s.addCustomer(ada, "other-"+victim)
	s.refused("", confirmChange, variables{"token": token}, anon)
	s.refused(other.token, confirmChange, variables{"token": token}, bad) // the victim follows the link with an account of their own
	if seen := s.must(attacker.token, `{ viewer { ... on Customer { email } } }`, nil); seen.text("viewer.email") != attacker.email {
		s.t.Errorf("the attacker has the address %s", seen.raw)
	}
}

func stealSession(s *server, ada account, _ string) {
	uma := s.hire(ada, "stolen")
	s.verify(uma)
	_, key := s.createKey(uma, variables{"name": "sync"})
	const mine = "attacker@evil.example"
	s.refused(uma.token, updateUserEmail, variables{"id": uma.id, "email": mine}, bad)
	s.refused(key, updateUserEmail, variables{"id": uma.id, "email": mine}, bad)
	s.refused(key, requestChange, variables{"email": mine, "password": password}, deny)
	for range 10 {
		s.refused(uma.token, requestChange, variables{"email": mine, "password": "a wrong guess"}, bad)
	}
	s.refused(uma.token, requestChange, variables{"email": mine, "password": "a wrong guess"}, "RATE_LIMITED")
	if n := len(s.links(store.Eq("email", mine))); n != 0 {
		s.t.Errorf("the attacker gets %d links", n)
	}
}

func stealPassword(s *server, ada account, _ string) {
	uma := s.hire(ada, "robbed")
	s.verify(uma)
	changed, undo := s.changes(uma, "thief1@evil.example")
	_, undoAgain := s.changes(changed, "thief2@evil.example")
	s.must("", undoChange, variables{"token": undoAgain, "password": "the thief's own"})
	changed, _ = s.logInAs(account{id: uma.id, email: "thief1@evil.example"}, "the thief's own")
	s.must(changed.token, `mutation { changePassword(input: {currentPassword: "the thief's own", newPassword: "correct horse"}) { endedSessions } }`, nil)
	pending := s.asksToChange(changed, "thief3@evil.example")
	s.must("", undoChange, variables{"token": undo, "password": nextPassword})
	if s.alive(changed) {
		s.t.Error("the thief's session is still active")
	}
	restored, ok := s.logInAs(uma, nextPassword)
	if !ok {
		s.t.Fatal("the owner can't log in")
	}
	s.refused(restored.token, confirmChange, variables{"token": pending}, bad)
	for _, email := range []string{"thief1@evil.example", "thief2@evil.example"} {
		if _, ok := s.logInAs(account{id: uma.id, email: email}, password); ok {
			s.t.Errorf("the thief can log in as %s", email)
		}
	}
}

// TestMailedTokensAreNotConfused tries to use each kind of mailed token for what the others are for.
func TestMailedTokensAreNotConfused(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		s.verify(uma)
		uma, undo := s.changes(uma, "uma@new.example")
		cleo := s.addCustomer(ada, "cleo@example.org")
		s.must("", requestSignUp, variables{"email": "new@example.org"})
		type use struct{ token, mutation, viewer string }
		with := func(token, mutation string) variables {
			vars := variables{"token": token}
			if strings.Contains(mutation, "$password") {
				vars["password"] = nextPassword
			}
			return vars
		}
		uses := []use{
			{s.mailedToken(cleo), verifyEmail, cleo.token},
			{s.mailedToken(s.invite(ada, "vic@example.com")), acceptInvitation, ""},
			{s.tokenSentTo("new@example.org"), completeSignUp, ""},
			{s.asksToChange(uma, "uma2@new.example"), confirmChange, uma.token},
			{s.forget(s.hire(ada, "Otto")), resetPassword, ""},
			{undo, undoChange, ""},
		}
		for i, of := range uses {
			for j, as := range uses {
				if i == j {
					continue
				}
				for _, viewer := range []string{"", uma.token, cleo.token} {
					if got := s.ask(viewer, as.mutation, with(of.token, as.mutation)); len(got.Errors) != 1 || !slices.Contains([]string{bad, anon}, got.Errors[0].Extensions.Code) {
						t.Errorf("the token for %.40s… used with %.40s… gets %s", of.mutation, as.mutation, got.raw)
					}
				}
			}
		}
		for _, of := range uses { // all of them are still usable
			s.must(of.viewer, of.mutation, with(of.token, of.mutation))
		}
	})
}

// TestAccountsCannotBeEnumerated checks that nobody finds out with the mutations that take an address whether it has an account: the
// answers are equal, and so is the work that is done for them.
func TestAccountsCannotBeEnumerated(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		known := s.addCustomer(ada, "known@example.org")
		s.must(ada.token, `mutation { createCustomer(input: {name: "Paul", email: "paul@example.org"}) { customer { id } } }`, nil)
		asking := s.addCustomer(ada, "asking@example.org")
		moment := regexp.MustCompile(`"\d{4}-[^"]*"|in \d[0-9a-z]*|"retryAfter":\d+`)
		for name, mutation := range map[string]func(email string) answer{
			"signUpCustomer": func(email string) answer { return s.ask("", signUpCustomer, variables{"email": email}) },
			"requestEmailChange": func(email string) answer {
				return s.ask(asking.token, requestChange, variables{"email": email, "password": password})
			},
		} {
			ask := func(email string) string {
				before := s.events()
				got := mutation(email)
				return fmt.Sprint(got.Status, moment.ReplaceAllString(got.raw, "…"), s.events()-before, " events")
			}
			want := ask("nobody@example.org")
			for _, email := range []string{known.email, "paul@example.org"} {
				if got := ask(email); got != want {
					t.Errorf("%s with %s gets %s, with nobody's address %s", name, email, got, want)
				}
			}
		}
	})
}

// TestSetupToken checks who may become the first user: whoever is on the server's own machine, and elsewhere whoever has the token.
func TestSetupToken(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		const signUp = `mutation($token: String) { signUpUser(input: {name: "Ada", email: "ada@example.com", password: "correct horse", setupToken: $token}) {
			user { role } } }`
		throughProxy := func(token any) answer { return s.askThroughProxy(signUp, variables{"token": token}) }
		for name, token := range map[string]any{"none": nil, "empty": "", "wrong": noToken[:64], "half of it": s.db.SetupToken()[:32]} {
			got := throughProxy(token)
			if len(got.Errors) != 1 || got.Errors[0].Extensions.Code != deny || len(got.Errors[0].Extensions.Fields) != 1 ||
				got.Errors[0].Extensions.Fields[0].Path != "input.setupToken" {
				t.Errorf("with the token %s, the answer is %s", name, got.raw)
			}
		}
		again := serve(t, s.store, db.Options{})
		if got := throughProxy(again.db.SetupToken()); got.text("signUpUser.user.role") != "ADMIN" {
			t.Errorf("with the token that a restarted server prints, the answer is %s", got.raw)
		}
		if got := throughProxy(s.db.SetupToken()); len(got.Errors) != 1 || got.Errors[0].Extensions.Code != deny {
			t.Errorf("the token works again: %s", got.raw)
		}
	})
}

// askThroughProxy sends an operation as if a proxy on the server's machine passed it on.
func (s *server) askThroughProxy(query string, vars variables) answer {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", "192.0.2.1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return readJSON(s.t, raw)
}
