package resolvers_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
)

// alive reports whether an access token is good: it shows its account, or the request is answered with 401.
func (s *server) alive(a account) bool {
	s.t.Helper()
	got := s.ask(a.token, `{ viewer { ... on Node { id } } }`, nil)
	switch {
	case got.Status == http.StatusOK && got.text("viewer.id") == a.id:
		return true
	case got.Status == http.StatusUnauthorized && len(got.Errors) == 1 && got.Errors[0].Extensions.Code == anon:
		return false
	}
	s.t.Fatalf("a token of %s shows %d %s", a.id, got.Status, got.raw)
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
		s.t.Fatalf("%s answers %s", field, got.raw)
	}
	return account{a.id, a.email, got.text(field + ".tokens.accessToken"), got.text(field + ".tokens.refreshToken")}, true
}

// anotherSession logs somebody in once more.
func (s *server) anotherSession(a account) account {
	s.t.Helper()
	again, ok := s.logInAs(a, password)
	if !ok {
		s.t.Fatalf("%s can't log in", a.email)
	}
	return again
}

const refreshMutation = `mutation($token: String!) { refresh(input: {refreshToken: $token}) {
	viewer { ... on Node { id } } tokens { accessToken refreshToken } } }`

func (s *server) refreshed(a account) account {
	s.t.Helper()
	got := s.must("", refreshMutation, variables{"token": a.refresh})
	return account{got.text("refresh.viewer.id"), a.email, got.text("refresh.tokens.accessToken"), got.text("refresh.tokens.refreshToken")}
}

// TestRefreshTokenWorksOnce: whoever uses a refresh token for the second time may have stolen it, or may be the one from
// whom it was stolen, so that all that followed from it ends.
func TestRefreshTokenWorksOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		s.signUpUser("Ada")
		for _, first := range []account{s.anotherSession(s.signUpCustomer("Cleo")), s.logInUser("ada@example.com")} {
			elsewhere := s.anotherSession(first)
			second := s.refreshed(first)
			third := s.refreshed(second)
			if third.id != first.id || third.refresh == second.refresh || second.refresh == first.refresh {
				t.Errorf("refreshing %+v gives %+v and %+v", first, second, third)
			}
			if !s.alive(first) || !s.alive(second) || !s.alive(third) {
				t.Errorf("an access token of %s doesn't live as long as it says", first.email)
			}
			s.refused("", refreshMutation, variables{"token": second.refresh}, anon)
			if s.alive(first) || s.alive(third) {
				t.Errorf("a refresh token of %s was used twice and the session lives on", first.email)
			}
			s.refused("", refreshMutation, variables{"token": third.refresh}, anon)
			if !s.alive(elsewhere) || !s.alive(s.refreshed(elsewhere)) {
				t.Errorf("another session of %s ended, too", first.email)
			}
			digits, _, _ := strings.Cut(third.refresh, ".")
			for _, token := range []string{"", ".", "garbage", third.token, digits, digits + ".", db.NewID().String() + ".secret"} {
				s.refused("", refreshMutation, variables{"token": token}, anon)
			}
		}
	})
}

func TestRefreshTokenUsedByManyAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		ids := make(chan string, 8)
		atOnce(cap(ids), func(int) {
			// Not over HTTP: there the winner's answer may come after a loser has ended the session.
			session, _, err := s.db.RefreshSession(t.Context(), ada.refresh)
			if err == nil {
				ids <- session.ID.String()
			} else if db.CodeOf(err) != db.Unauthenticated {
				t.Error(err)
			}
		})
		if len(ids) != 1 {
			t.Errorf("one refresh token was exchanged %d times", len(ids))
		}
		if s.alive(ada) {
			t.Error("the session lives on")
		}
	})
}

// TestWhatEndsSessions changes an account that has two sessions, of which the first may be the one that asks.
func TestWhatEndsSessions(t *testing.T) {
	const next = "battery staple"
	change := variables{"currentPassword": password, "newPassword": next}
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for _, test := range []struct {
			name, whose, mutation string
			in                    variables
			byAdmin               bool
			ended                 any
			first, second         bool
			logsInWith            []string
		}{
			{"LogOut", "user customer", "logOut { endedSessions }", nil, false, 1.0, false, true, []string{password}},
			{"LogOutEverywhere", "user customer", "logOutEverywhere { endedSessions }", nil, false, 2.0, false, false, []string{password}},
			{"ChangePassword", "user customer", "changePassword(input: $in) { endedSessions }", change, false, 1.0, true, false, []string{next}},
			{"SetPassword", "user customer", "setPassword(input: $in) { endedSessions }", variables{"id": "", "newPassword": next}, true, 2.0, false, false, []string{next}},
			{"Deactivate", "user", "deactivateUser(input: $in) { endedSessions }", variables{"id": ""}, true, 2.0, false, false, nil},
			{"Delete", "user", "deleteUser(input: $in) { deletedId }", variables{"id": ""}, true, nil, false, false, nil},
			{"Remove", "customer", "deleteCustomer(input: $in) { deletedId }", variables{"id": ""}, true, nil, false, false, nil},
			{"Leave", "customer", "deleteCustomer(input: $in) { deletedId }", variables{"id": ""}, false, nil, false, false, nil},
			{"Promote", "user", `updateUser(input: $in) { user { id } }`, variables{"id": "", "role": "ADMIN"}, true, nil, true, true, []string{password}},
			{"Move", "user", "updateUser(input: $in) { user { id } }", variables{"id": "", "name": "Moved"}, false, nil, true, true, []string{password}},
			{"Marry", "customer", "updateCustomer(input: $in) { customer { id } }", variables{"id": "", "name": "Married"}, false, nil, true, true, []string{password}},
		} {
			for whose := range strings.FieldsSeq(test.whose) {
				t.Run(test.name+" "+whose, func(t *testing.T) {
					s := s.in(t)
					var first account
					if whose == "user" {
						first = s.hire(ada, test.name)
					} else {
						first = s.anotherSession(s.signUpCustomer(test.name))
						s.must(first.token, "mutation { logOut { endedSessions } }", nil) // that of the sign-up stays
						first = s.anotherSession(first)
						s.endAllBut(first)
					}
					second := s.anotherSession(first)
					if !s.alive(first) || !s.alive(second) {
						t.Fatal("two log-ins aren't two sessions")
					}
					asker := first
					if test.byAdmin {
						asker = ada
					}
					got := s.must(asker.token, declareInput(test.mutation), variables{"in": withOwnID(test.in, first.id)})
					field, _, _ := strings.Cut(strings.NewReplacer("(", " ", "{", " ").Replace(test.mutation), " ")
					if ended := got.at(field + ".endedSessions"); ended != test.ended {
						t.Errorf("it says that %v sessions ended, want %v", ended, test.ended)
					}
					if a, b := s.alive(first), s.alive(second); a != test.first || b != test.second {
						t.Errorf("the first session lives: %v, the second: %v, want %v and %v", a, b, test.first, test.second)
					}
					if !test.second {
						s.refused("", refreshMutation, variables{"token": second.refresh}, anon)
					}
					if !s.alive(ada) {
						t.Error("somebody else's session ended")
					}
					for _, secret := range []string{password, next} {
						if _, ok := s.logInAs(first, secret); ok != slices.Contains(test.logsInWith, secret) {
							t.Errorf("they can log in with %q: %v", secret, ok)
						}
					}
				})
			}
		}
	})
}
