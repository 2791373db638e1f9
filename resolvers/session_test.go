package resolvers_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"crm/db"
	"crm/graph"
)

// alive reports whether an access token is valid: the request returns its account or gets 401.
func (s *server) alive(a account) bool {
	s.t.Helper()
	got := s.ask(a.token, `{ viewer { ... on Node { id } } }`, nil)
	switch {
	case got.Status == http.StatusOK && got.text("viewer.id") == a.id:
		return true
	case got.Status == http.StatusUnauthorized && len(got.Errors) == 1 && got.Errors[0].Extensions.Code == anon:
		return false
	}
	s.t.Fatalf("a token of %s gets %d %s", a.id, got.Status, got.raw)
	return false
}

// logInAs logs a user or a customer in with a password; ok is false if that is refused.
func (s *server) logInAs(a account, password string) (account, bool) {
	s.t.Helper()
	field, mutation := "logInUser", `mutation($in: LogInInput!) { logInUser(input: $in) { tokens { accessToken refreshToken } } }`
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		field, mutation = "logInCustomer", strings.ReplaceAll(mutation, "logInUser", "logInCustomer")
	}
	got := s.ask("", mutation, variables{"in": variables{"email": a.email, "password": password}})
	if len(got.Errors) == 1 && got.Errors[0].Extensions.Code == anon {
		return account{}, false
	}
	if len(got.Errors) > 0 {
		s.t.Fatalf("%s got %s", field, got.raw)
	}
	return account{a.id, a.email, got.text(field + ".tokens.accessToken"), got.text(field + ".tokens.refreshToken")}, true
}

// anotherSession logs an account in again.
func (s *server) anotherSession(a account) account {
	s.t.Helper()
	again, ok := s.logInAs(a, password)
	if !ok {
		s.t.Fatalf("%s can't log in", a.email)
	}
	return again
}

// nextPassword replaces password.
const nextPassword = "battery staple"

// sessionEnd is a mutation that may end an account's two sessions.
type sessionEnd struct {
	mutation, whose string
	byAdmin         bool
	in              variables
	// ended is the number of ended sessions in the response; first and second are whether these two remain active.
	ended         any
	first, second bool
	// logsInWith is the valid password afterwards.
	logsInWith string
}

// check checks which of the account's sessions and passwords are valid after the mutation.
func (e sessionEnd) check(s *server, first, second account) {
	s.t.Helper()
	if a, b := s.alive(first), s.alive(second); a != e.first || b != e.second {
		s.t.Errorf("the first session is active: %v, the second: %v, want %v and %v", a, b, e.first, e.second)
	}
	if !e.second {
		s.refused("", refreshMutation, variables{"token": second.refresh}, anon)
	}
	for _, secret := range []string{password, nextPassword} {
		if _, ok := s.logInAs(first, secret); ok != (secret == e.logsInWith) {
			s.t.Errorf("they can log in with %q: %v", secret, ok)
		}
	}
}

// TestWhatEndsSessions changes an account with two sessions, of which the first may be the viewer.
func TestWhatEndsSessions(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for i, test := range []sessionEnd{
			{"logOut", "user customer", false, nil, 1.0, false, true, password},
			{"logOutEverywhere", "user customer", false, nil, 2.0, false, false, password},
			{"changePassword", "user customer", false, variables{"currentPassword": password, "newPassword": nextPassword}, 1.0, true, false, nextPassword},
			{"setPassword", "user customer", true, variables{"id": "", "newPassword": nextPassword}, 2.0, false, false, nextPassword},
			{"deactivateUser", "user", true, variables{"id": ""}, 2.0, false, false, ""},
			{"deleteUser", "user", true, variables{"id": ""}, nil, false, false, ""},
			{"deleteCustomer", "customer", true, variables{"id": ""}, nil, false, false, ""},
			{"deleteCustomer", "customer", false, variables{"id": ""}, nil, false, false, ""},
			{"updateUser", "user", true, variables{"id": "", "role": "ADMIN"}, nil, true, true, password},
			{"updateUser", "user", false, variables{"id": "", "name": "Other"}, nil, true, true, password},
			{"updateCustomer", "customer", false, variables{"id": "", "name": "Other"}, nil, true, true, password},
		} {
			for whose := range strings.FieldsSeq(test.whose) {
				t.Run(test.mutation+" of a "+whose, func(t *testing.T) {
					s, name := s.in(t), fmt.Sprint("Subject", i)
					var first account
					if whose == "user" {
						first = s.hire(ada, name)
					} else {
						first = s.signUpCustomer(name)
					}
					second, asker := s.anotherSession(first), first
					if !s.alive(first) || !s.alive(second) {
						t.Fatal("two log-ins aren't two sessions")
					}
					if test.byAdmin {
						asker = ada
					}
					in := maps.Clone(test.in)
					if _, ok := in["id"]; ok {
						in["id"] = first.id
					}
					got := s.must(asker.token, mutationOf(schema, test.mutation), variables{"input": in})
					if ended := got.at(test.mutation + ".endedSessions"); ended != test.ended {
						t.Errorf("the response says that %v sessions ended, want %v", ended, test.ended)
					}
					test.check(s, first, second)
					if !s.alive(ada) {
						t.Error("somebody else's session ended")
					}
				})
			}
		}
	})
}

// TestPasswordOnAnyKeyboard logs in with another Unicode form of the password than the one it was set with.
func TestPasswordOnAnyKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	ada := s.signUpUser("Ada")
	const composed, decomposed = "Zażółć gęślą", "Zaz\u0307o\u0301łc\u0301 ge\u0328s\u0301la\u0328"
	s.must(ada.token, `mutation($to: String!) { changePassword(input: {currentPassword: "`+password+`", newPassword: $to}) { endedSessions } }`,
		variables{"to": decomposed})
	for _, typed := range []string{composed, decomposed, "Zażółć\u00a0gęślą"} {
		if _, ok := s.logInAs(ada, typed); !ok {
			t.Errorf("the password typed as %+q is refused", typed)
		}
	}
	if _, ok := s.logInAs(ada, "Zazolc gesla"); ok {
		t.Error("the password is accepted without accents")
	}
}

func TestWrongCurrentPasswordChangesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		other := s.anotherSession(ada)
		problem := s.refused(ada.token, `mutation { changePassword(input: {
			currentPassword: "a wrong guess", newPassword: "battery staple"}) { endedSessions } }`, nil, bad)
		if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != "input.currentPassword" {
			t.Errorf("the problem is %+v", problem)
		}
		if !s.alive(ada) || !s.alive(other) {
			t.Error("a session ended")
		}
		s.anotherSession(ada)
	})
}

// TestRoleChangeTakesEffectOnExistingTokens checks that a token identifies an account but does not determine its role.
func TestRoleChangeTakesEffectOnExistingTokens(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		const forAdmins = `{ users(where: {role: {eq: ADMIN}}) { totalCount } }`
		const setRole = `mutation($id: ID!, $role: Role!) { updateUser(input: {id: $id, role: $role}) { user { role } } }`
		for range 2 {
			s.refused(uma.token, forAdmins, nil, deny)
			s.must(ada.token, setRole, variables{"id": uma.id, "role": "ADMIN"})
			s.must(uma.token, forAdmins, nil)
			s.must(ada.token, setRole, variables{"id": uma.id, "role": "USER"})
		}
		s.refused(uma.token, forAdmins, nil, deny)
		s.refused(ada.token, setRole, variables{"id": uma.id, "role": "CUSTOMER"}, bad)
	})
}

// TestDeactivatedUserKeepsTheirHistory checks that deactivation keeps the history and can be undone.
func TestDeactivatedUserKeepsTheirHistory(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		ada, uma := w.people["ada"], w.people["uma"]
		user := func(mutation string) answer {
			return s.must(ada.token, fmt.Sprintf(`mutation($id: ID!) { %s(input: {id: $id}) { user { active } } }`, mutation),
				variables{"id": uma.id})
		}
		const history = `query($plan: ID!) { interaction(id: $plan) { title user { name } tickets { totalCount } } }`
		if got := user("deactivateUser"); got.at("deactivateUser.user.active") != false {
			t.Errorf("a deactivated user is %s", got.raw)
		}
		for _, viewer := range []string{"ada", "cleo"} {
			got := s.must(w.people[viewer].token, history, w.variables())
			if got.text("interaction.user.name") != "Uma" || got.at("interaction.tickets.totalCount") != 1.0 {
				t.Errorf("%s sees the history %s", viewer, got.raw)
			}
		}
		s.refused(ada.token, `mutation($ticket: ID!, $user: ID!) { assignTicket(input: {id: $ticket, assigneeId: $user}) { ticket { id } } }`,
			variables{"ticket": w.ids["leak"], "user": uma.id}, bad)
		if got := user("reactivateUser"); got.at("reactivateUser.user.active") != true {
			t.Errorf("a reactivated user is %s", got.raw)
		}
		if s.alive(uma) {
			t.Error("an ended session is active again")
		}
		if got := s.must(s.anotherSession(uma).token, history, w.variables()); got.text("interaction.title") != "plan" {
			t.Errorf("after reactivation, they see %s", got.raw)
		}
	})
}

// atOnce calls do n times at the same time, with 0 to n-1, and waits until all are done.
func atOnce(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}
