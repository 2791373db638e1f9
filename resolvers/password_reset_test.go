package resolvers_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, nil, nil, []row{
	{"requestPasswordReset", withNewEmail.with("audience", "USER"), [6]string{okay, okay, okay, okay, okay, okay}},
	{"resetPassword", withResetToken, [6]string{okay, okay, okay, okay, okay, okay}},
	{"resetPassword", withResetToken.with("token", noToken), [6]string{bad, bad, bad, bad, bad, bad}},
})

// noToken has the form of a token that was mailed.
var noToken = strings.Repeat("0", 88)

// withNewEmail names an address that nobody has.
var withNewEmail = input(func(c *cell) variables { return variables{"email": c.newEmail()} })

// withResetToken has the token of a link that a new customer got.
var withResetToken = input(func(c *cell) variables {
	id := c.newCustomer(false)
	customer, err := c.s.db.Customers.Get(c.s.t.Context(), auth.SystemScope(), idOf(c.s.t, id))
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"token": c.s.forget(account{id: id, email: customer.Email}), "newPassword": nextPassword}
})

const (
	requestReset = `mutation($email: EmailAddress!, $audience: Audience!) {
		requestPasswordReset(input: {email: $email, audience: $audience}) { expiresAt } }`
	resetPassword = `mutation($token: String!, $password: String!) {
		resetPassword(input: {token: $token, newPassword: $password}) { audience endedSessions } }`
)

// audienceOf returns the kind of an account as the API names it.
func audienceOf(a account) string {
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		return "CUSTOMER"
	}
	return "USER"
}

// forget asks to reset the password of an account, and returns the token that its owner gets by mail.
func (s *server) forget(a account) (token string) {
	s.t.Helper()
	s.must("", requestReset, variables{"email": a.email, "audience": audienceOf(a)})
	return s.mailedToken(a)
}

// mailedToken returns the token of the link that an account got last.
func (s *server) mailedToken(a account) (token string) {
	s.t.Helper()
	links := s.links(store.Eq("account", a.id))
	if len(links) == 0 {
		s.t.Fatalf("%s got no link", a.email)
	}
	token, ok := s.db.LinkToken(links[0])
	if !ok {
		s.t.Fatal("the link has no token")
	}
	return token
}

// links returns the stored links that match, the newest first.
func (s *server) links(where store.Filter) []*db.AccountLink {
	s.t.Helper()
	var links []*db.AccountLink
	query := store.Query{Where: where, Sort: []store.Sort{{Field: "created_at", Desc: true}}}
	err := s.store.Find(s.t.Context(), db.AccountLinks.Collection, query, func() store.Document {
		links = append(links, new(db.AccountLink))
		return links[len(links)-1]
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return links
}

// tokenRefused checks that a token can't be used.
func (s *server) tokenRefused(mutation, token string) {
	s.t.Helper()
	problem := s.refused("", mutation, variables{"token": token, "password": "another good one"}, bad)
	if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != "input.token" {
		s.t.Errorf("a token is refused with %+v", problem)
	}
}

func TestPasswordReset(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		for _, who := range []account{s.signUpUser("Ada"), s.signUpCustomer("Cleo")} {
			second := s.anotherSession(who)
			earlier, token := s.forget(who), s.forget(who)
			for range 10 {
				s.logInAs(who, "a wrong guess") // the owner is locked out, and the reset ends that
			}
			s.refused("", resetPassword, variables{"token": token, "password": "short"}, bad)
			got := s.must("", resetPassword, variables{"token": token, "password": nextPassword})
			if got.text("resetPassword.audience") != audienceOf(who) || got.at("resetPassword.endedSessions") != 2.0 {
				t.Errorf("the reset answers %s", got.raw)
			}
			if s.alive(who) || s.alive(second) {
				t.Error("a session outlives the reset")
			}
			if _, ok := s.logInAs(who, nextPassword); !ok {
				t.Error("the new password isn't accepted")
			}
			if _, ok := s.logInAs(who, password); ok {
				t.Error("the former password is still accepted")
			}
			s.tokenRefused(resetPassword, token)
			s.tokenRefused(resetPassword, earlier)
			if _, ok := s.logInAs(who, nextPassword); !ok {
				t.Error("a token was used twice")
			}
		}
	})
}

// TestUselessResetLinks checks what makes a mailed link useless.
func TestUselessResetLinks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for i, test := range []struct {
			name   string
			change func(uma account, token string) string
		}{
			{"the wrong secret", func(_ account, token string) string { return token[:24] + strings.Repeat("0", 64) }},
			{"the id of another link", func(_ account, token string) string { return s.forget(ada)[:24] + token[24:] }},
			{"without the last digit", func(_ account, token string) string { return token[:87] }},
			{"in capitals", func(_ account, token string) string { return strings.ToUpper(token) }},
			{"empty", func(account, string) string { return "" }},
			{"no digits", func(account, string) string { return strings.Repeat("é", 44) }},
			{"expired", func(uma account, token string) string {
				set := []store.Assignment{{Field: "expires_at", Value: time.Now().UTC().Add(-time.Second).Truncate(time.Millisecond)}}
				if err := s.store.Update(t.Context(), db.AccountLinks.Collection, s.links(store.Eq("account", uma.id))[0].ID, store.Filter{}, set); err != nil {
					t.Fatal(err)
				}
				return token
			}},
			{"the owner changed the password", func(uma account, token string) string {
				s.must(uma.token, `mutation { changePassword(input: {currentPassword: "correct horse", newPassword: "battery staple"}) { endedSessions } }`, nil)
				return token
			}},
			{"an admin set the password", func(uma account, token string) string {
				s.must(ada.token, `mutation($id: ID!) { setPassword(input: {id: $id, newPassword: "battery staple"}) { endedSessions } }`, variables{"id": uma.id})
				return token
			}},
			{"the address changed", func(uma account, token string) string {
				s.must(ada.token, `mutation($id: ID!) { updateUser(input: {id: $id, email: "elsewhere@example.com"}) { user { id } } }`, variables{"id": uma.id})
				return token
			}},
			{"the account is deactivated", func(uma account, token string) string {
				s.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": uma.id})
				return token
			}},
			{"the account is deleted", func(uma account, token string) string {
				s.must(ada.token, `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`, variables{"id": uma.id})
				if n := len(s.links(store.Eq("account", uma.id))); n != 0 {
					t.Errorf("%d links of a deleted account are kept", n)
				}
				return token
			}},
		} {
			uma := s.hire(ada, fmt.Sprint("Uma", i))
			t.Run(test.name, func(t *testing.T) {
				s.in(t).tokenRefused(resetPassword, test.change(uma, s.forget(uma)))
			})
		}
	})
}

// TestResetTellsNothing checks that nobody finds out by asking for a link who has an account: the answers are equal, and so is the
// work that is done for them.
func TestResetTellsNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cleo := s.signUpUser("Ada"), s.signUpCustomer("Cleo")
		gone := s.hire(ada, "Gone")
		s.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": gone.id})
		s.must(ada.token, `mutation { createCustomer(input: {name: "Paul", email: "paul@example.org"}) { customer { id } } }`, nil)
		moment := regexp.MustCompile(`"\d{4}-[^"]*"|in \d[0-9a-z]*|"retryAfter":\d+`)
		ask := func(email, audience string) (answer, events string) {
			before := s.events()
			got := s.ask("", requestReset, variables{"email": email, "audience": audience})
			return fmt.Sprint(got.Status, moment.ReplaceAllString(got.raw, "…")), fmt.Sprint(s.events() - before)
		}
		for range 4 { // the fourth time, all of them are refused
			answer, events := ask(ada.email, "USER")
			for _, other := range []struct{ name, email, audience string }{
				{"nobody's", "nobody@example.com", "USER"},
				{"nobody's", "nobody@example.com", "CUSTOMER"},
				{"a customer's", cleo.email, "CUSTOMER"},
				{"of the other kind", cleo.email, "USER"},
				{"a deactivated user's", gone.email, "USER"},
				{"a customer's without a password", "paul@example.org", "CUSTOMER"},
			} {
				if got, written := ask(other.email, other.audience); got != answer || written != events {
					t.Errorf("for an address that is %s, the answer is %s and %s events are written; for a user's %s and %s", other.name, got, written, answer, events)
				}
			}
		}
		if n := len(s.links(store.Eq("account", ""))); n != 15 {
			t.Errorf("%d links lead nowhere, want 15", n)
		}
	})
}

// events counts the stored events.
func (s *server) events() int {
	s.t.Helper()
	for {
		moved, err := s.store.MoveEvents(s.t.Context(), 100)
		if err != nil {
			s.t.Fatal(err)
		}
		if moved == 0 {
			break
		}
	}
	n, err := s.store.Count(s.t.Context(), store.Events, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestResetsAreLimited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for _, email := range []string{ada.email, strings.ToUpper(ada.email), ada.email} {
			s.must("", requestReset, variables{"email": email, "audience": "USER"})
		}
		refused := s.refused("", requestReset, variables{"email": ada.email, "audience": "USER"}, "RATE_LIMITED")
		if after := refused.Extensions.RetryAfter; after < 3500 || after > 3600 {
			t.Errorf("it may be tried again after %d seconds", after)
		}
		if n := len(s.links(store.Eq("account", ada.id))); n != 3 {
			t.Errorf("%d links were written", n)
		}
		s.must("", requestReset, variables{"email": ada.email, "audience": "CUSTOMER"})
		if _, ok := s.logInAs(ada, password); !ok {
			t.Error("requests for links lock the owner out")
		}
		s.passTime(time.Hour)
		s.forget(ada)

		problem := s.refused("", requestReset, variables{"email": "no address", "audience": "USER"}, bad)
		if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != "input.email" {
			t.Errorf("a text that is no address gets %+v", problem)
		}
	})
}
