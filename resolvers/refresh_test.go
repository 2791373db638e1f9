package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

const refreshMutation = `mutation($token: String!) { refresh(input: {refreshToken: $token}) {
	viewer { ... on Node { id } } tokens { accessToken refreshToken } } }`

func (s *server) refreshed(a account) account {
	s.t.Helper()
	got := s.must("", refreshMutation, variables{"token": a.refresh})
	return account{got.text("refresh.viewer.id"), a.email, got.text("refresh.tokens.accessToken"), got.text("refresh.tokens.refreshToken")}
}

// sessionOf returns the id of the session that a refresh token belongs to.
func sessionOf(t *testing.T, refresh string) store.ID {
	t.Helper()
	digits, _, _ := strings.Cut(refresh, ".")
	id, err := store.ParseID(digits)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// setSession changes fields of the session that a refresh token belongs to.
func (s *server) setSession(refresh string, set ...store.Assignment) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), db.Sessions.Collection, sessionOf(s.t, refresh), store.Filter{}, set); err != nil {
		s.t.Fatal(err)
	}
}

// ageExchange makes the last exchange of a session's refresh token older.
func (s *server) ageExchange(refresh string, by time.Duration) {
	s.t.Helper()
	s.setSession(refresh, store.Assignment{Field: "refreshed_at", Value: time.Now().UTC().Add(-by).Truncate(time.Millisecond)})
}

// TestReusedRefreshTokenEndsSession checks that using a refresh token again ends its whole session, except soon after the first
// use: the second user may be a thief or the owner.
func TestReusedRefreshTokenEndsSession(t *testing.T) {
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
				t.Errorf("an access token of %s doesn't last until its expiry", first.email)
			}
			s.ageExchange(third.refresh, 20*time.Second)
			s.refused("", refreshMutation, variables{"token": second.refresh}, anon)
			if s.alive(first) || s.alive(third) {
				t.Errorf("a refresh token of %s was used twice and the session is still active", first.email)
			}
			s.refused("", refreshMutation, variables{"token": third.refresh}, anon)
			if !s.alive(elsewhere) || !s.alive(s.refreshed(elsewhere)) {
				t.Errorf("another session of %s also ended", first.email)
			}
			digits, _, _ := strings.Cut(third.refresh, ".")
			for _, token := range []string{"", ".", "garbage", third.token, digits, digits + ".", store.NewID().String() + ".secret"} {
				s.refused("", refreshMutation, variables{"token": token}, anon)
			}
		}
	})
}

// TestRefreshTokenRepeats uses refresh tokens again soon after the first use, as another tab does, or a client that has lost
// the response.
func TestRefreshTokenRepeats(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		first := s.signUpUser("Ada")
		second := s.refreshed(first)
		s.ageExchange(second.refresh, 15*time.Second)
		again := s.refreshed(first)
		if again.refresh != second.refresh || !s.alive(again) || !s.alive(second) {
			t.Errorf("the first use gives %+v, the second %+v", second, again)
		}
		third := s.refreshed(again)
		if third.refresh == second.refresh || s.refreshed(second).refresh != third.refresh {
			t.Errorf("after %+v comes %+v", second, third)
		}
		// Whoever still has the first token missed the second, which was used: that is not another tab.
		s.refused("", refreshMutation, variables{"token": first.refresh}, anon)
		if s.alive(third) {
			t.Error("the session is still active")
		}
	})
}

// TestForgedRefreshTokenEndsSession checks that a wrong secret is never taken for a repetition.
func TestForgedRefreshTokenEndsSession(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.refreshed(s.signUpUser("Ada"))
		s.refused("", refreshMutation, variables{"token": sessionOf(t, ada.refresh).String() + ".guess"}, anon)
		s.refused("", refreshMutation, variables{"token": ada.refresh}, anon)
	})
}

// TestSessionOfEarlierVersion refreshes a session that an earlier version has started: it has no key for successors.
func TestSessionOfEarlierVersion(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		first := s.signUpUser("Ada")
		s.setSession(first.refresh, store.Assignment{Field: "refresh_key", Value: ""})
		second := s.refreshed(first)
		if again := s.refreshed(first); again.refresh != second.refresh || !s.alive(s.refreshed(second)) {
			t.Errorf("the first use gives %+v, the second %+v", second, again)
		}
	})
}

func TestRefreshTokenUsedByManyAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		next := make(chan string, 8)
		atOnce(cap(next), func(int) {
			next <- s.refreshed(ada).refresh
		})
		want := <-next
		for range cap(next) - 1 {
			if got := <-next; got != want {
				t.Errorf("the token is exchanged for %s and for %s", want, got)
			}
		}
		if !s.alive(ada) || !s.alive(s.refreshed(account{email: ada.email, refresh: want})) {
			t.Error("the session has ended")
		}
	})
}
