package resolvers_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, []row{
	{"customerSignup", noInput, [6]string{okay, okay, okay, okay, okay, okay}},
}, nil, []row{
	{"requestSignUp", withNewEmail, [6]string{okay, okay, okay, okay, okay, okay}},
	{"completeSignUp", withSignUpToken, [6]string{okay, okay, okay, okay, okay, okay}},
	{"completeSignUp", withSignUpToken.with("token", noToken), [6]string{bad, bad, bad, bad, bad, bad}},
})

// withSignUpToken has the token that a new address was mailed.
var withSignUpToken = input(func(c *cell) variables {
	email := c.newEmail()
	if _, err := c.s.db.RequestSignUp(c.s.t.Context(), email, ""); err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"token": c.s.tokenSentTo(email), "password": password}
})

const (
	requestSignUp  = `mutation($email: EmailAddress!) { requestSignUp(input: {email: $email}) { expiresAt } }`
	completeSignUp = `mutation($token: String!, $password: String!, $name: String) {
		completeSignUp(input: {token: $token, password: $password, name: $name}) {
			customer { id name email timeZone canLogIn invitedAt } tokens { accessToken refreshToken } } }`
	signUpCustomer = `mutation($email: EmailAddress!) {
		signUpCustomer(input: {name: "New", email: $email, password: "correct horse"}) { customer { id } } }`
)

// tokenSentTo returns the token of the link that an address got last.
func (s *server) tokenSentTo(email string) string {
	s.t.Helper()
	links := s.links(store.Eq("email", email))
	if len(links) == 0 {
		s.t.Fatalf("%s got no link", email)
	}
	token, ok := s.db.LinkToken(links[0])
	if !ok {
		s.t.Fatal("the link has no token")
	}
	return token
}

// signUpByMail signs an address up with the link that it gets.
func (s *server) signUpByMail(email, name string) answer {
	s.t.Helper()
	s.must("", requestSignUp, variables{"email": email})
	return s.must("", completeSignUp, variables{"token": s.tokenSentTo(email), "password": password, "name": name})
}

// onEachEngineWithSignup runs a test with each of the ways in which customers may get accounts.
func onEachEngineWithSignup(t *testing.T, test func(t *testing.T, s *server, way db.CustomerSignup)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) store.Store{
		"sqlite": openSQLite, "mongo": openMongo,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := open(t)
			for _, way := range []db.CustomerSignup{db.SignupOpen, db.SignupVerified, db.SignupInvited, db.SignupOff} {
				test(t, serve(t, engine, db.Options{CustomerSignup: way}), way)
			}
		})
	}
}

// TestWaysToSignUp checks which ways to an account each setting leaves open.
func TestWaysToSignUp(t *testing.T) {
	onEachEngineWithSignup(t, func(t *testing.T, s *server, way db.CustomerSignup) {
		var ada account
		if way == db.SignupOpen {
			ada = s.signUpUser("Ada")
		} else {
			ada = s.logInUser("ada@example.com")
		}
		want := map[db.CustomerSignup][3]string{
			db.SignupOpen: {okay, okay, okay}, db.SignupVerified: {deny, okay, okay}, db.SignupInvited: {deny, deny, okay}, db.SignupOff: {deny, deny, deny},
		}[way]
		outcome := func(a answer) string {
			if len(a.Errors) == 1 {
				return a.Errors[0].Extensions.Code
			}
			return okay
		}
		email := fmt.Sprintf("cleo-%s@example.org", way)
		id := s.must(ada.token, `mutation($email: EmailAddress!) { createCustomer(input: {name: "Cleo", email: $email}) { customer { id } } }`,
			variables{"email": email}).text("createCustomer.customer.id")
		got := [3]string{
			outcome(s.ask("", signUpCustomer, variables{"email": "new-" + email})),
			outcome(s.ask("", requestSignUp, variables{"email": email})),
			outcome(s.ask(ada.token, inviteCustomer, variables{"id": id})),
		}
		if told := s.must("", `{ customerSignup }`, nil).text("customerSignup"); told != strings.ToUpper(string(way)) {
			t.Errorf("customerSignup is %s with %s", told, way)
		}
		if got != want {
			t.Errorf("with sign-up %s, signing up, asking for a link and being invited gets %v, want %v", way, got, want)
		}
	})
}

// TestSignUpByMail checks that only whoever reads the mail of an address gets an account with it, and then what the staff had
// entered for it.
func TestSignUpByMail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.signUpUser("Uma")
		got := s.signUpByMail("new@example.org", "Nora")
		if got.text("completeSignUp.customer.name") != "Nora" || got.text("completeSignUp.customer.email") != "new@example.org" {
			t.Errorf("a new customer is %s", got.raw)
		}
		s.must(got.text("completeSignUp.tokens.accessToken"), `{ viewer { __typename } }`, nil)

		cleo := account{email: "Cleo@example.org"}
		cleo.id = s.must(uma.token, `mutation { createCustomer(input: {name: "Cleo C", email: "Cleo@example.org", timeZone: "Asia/Kolkata"}) { customer { id } } }`, nil).
			text("createCustomer.customer.id")
		meeting := s.createInteraction(uma, cleo, "review")
		s.must("", requestSignUp, variables{"email": "cleo@EXAMPLE.org"})
		token := s.mailedToken(cleo) // sent to the address on record, not to the one that was asked with
		s.refused("", completeSignUp, variables{"token": token, "password": "cleo@example.org"}, bad)
		got = s.must("", completeSignUp, variables{"token": token, "password": password})
		for field, want := range map[string]any{"id": cleo.id, "name": "Cleo C", "timeZone": "Asia/Kolkata", "canLogIn": true} {
			if got.at("completeSignUp.customer."+field) != want {
				t.Errorf("a customer who was on record is %s", got.raw)
			}
		}
		sees := s.must(got.text("completeSignUp.tokens.accessToken"), `{ interactions { nodes { id } } }`, nil).ids("interactions")
		if len(sees) != 1 || sees[0] != meeting {
			t.Errorf("the customer sees %v", sees)
		}
		s.tokenRefused(completeSignUp, token)

		s.must("", requestSignUp, variables{"email": cleo.email}) // who has an account now
		s.tokenRefused(completeSignUp, s.mailedToken(cleo))
		s.must("", resetPassword, variables{"token": s.mailedToken(cleo), "password": nextPassword})
	})
}

// TestUselessSignUps checks what makes a link to sign up useless, and that its address may then be asked with again.
func TestUselessSignUps(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for name, change := range map[string]string{
			"entered":       `mutation($email: EmailAddress!) { createCustomer(input: {name: "C", email: $email}) { customer { id } } }`,
			"signed-up":     signUpCustomer,
			"with-password": `mutation($email: EmailAddress!) { createCustomer(input: {name: "C", email: $email, password: "correct horse"}) { customer { id } } }`,
		} {
			email := name + "@example.org"
			s.must("", requestSignUp, variables{"email": email})
			token := s.tokenSentTo(email)
			s.must(ada.token, change, variables{"email": email})
			s.tokenRefused(completeSignUp, token)
		}
		// Somebody who got a link twice uses one of them.
		s.must("", requestSignUp, variables{"email": "twice@example.org"})
		first := s.tokenSentTo("twice@example.org")
		s.signUpByMail("twice@example.org", "Twice")
		s.tokenRefused(completeSignUp, first)
		s.tokenRefused(acceptInvitation, first)
		s.tokenRefused(resetPassword, first)
	})
}

// TestSignUpTellsNothing checks that nobody finds out by asking for a link what an address is known for.
func TestSignUpTellsNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cleo := s.signUpUser("Ada"), s.signUpCustomer("Cleo")
		s.must(ada.token, `mutation { createCustomer(input: {name: "Paul", email: "paul@example.org"}) { customer { id } } }`, nil)
		moment := regexp.MustCompile(`"\d{4}-[^"]*"|in \d[0-9a-z]*|"retryAfter":\d+`)
		ask := func(email string) string {
			before := s.events()
			got := s.ask("", requestSignUp, variables{"email": email})
			return fmt.Sprint(got.Status, moment.ReplaceAllString(got.raw, "…"), s.events()-before, " events")
		}
		for range 4 { // the fourth time, all of them are refused
			answer := ask("nobody@example.org")
			for name, email := range map[string]string{"a customer's": cleo.email, "on record": "paul@example.org", "a user's": ada.email} {
				if got := ask(email); got != answer {
					t.Errorf("for an address that is %s, the answer is %s; for nobody's %s", name, got, answer)
				}
			}
		}
		n, err := s.store.Count(t.Context(), db.Customers.Collection, store.Filter{})
		if err != nil || n != 2 {
			t.Errorf("asking for links leaves %d customers, %v", n, err)
		}
	})
}
