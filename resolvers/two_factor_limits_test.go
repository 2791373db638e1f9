package resolvers_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// TestWrongCodesAreLimited guesses codes from many networks through two servers, with the right password.
func TestWrongCodesAreLimited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		secret, _ := s.enrol(uma)
		token := s.challenge(uma)
		servers := []*server{s, serve(t, s.store, db.Options{})}
		guess := func(i int, address, code string) store.Code {
			_, _, err := servers[i%2].db.CompleteLogIn(t.Context(), token, code, address)
			return store.CodeOf(err)
		}
		guesses, refused := 0, 0
		for hour := range 3 {
			for i := range 15 {
				switch code := guess(i, fmt.Sprintf("192.0.2.%d", i/3), "no code"); code {
				case store.BadInput:
					guesses++
				case store.RateLimited:
					refused++
				default:
					t.Fatalf("a wrong code gives %q", code)
				}
			}
			if want := []int{10, 20, 20}[hour]; guesses != want {
				t.Errorf("after %d hours, there were %d guesses, want %d", hour+1, guesses, want)
			}
			s.passTime(time.Hour)
			token = s.challenge(uma)
		}
		s.forgetStep(uma)
		if code := guess(0, "203.0.113.1", codeAt(t, secret, 0)); code != store.RateLimited {
			t.Errorf("the right code from elsewhere gives %q", code)
		}
		// The owner has logged in from this network before.
		if code := guess(1, "127.0.0.1", codeAt(t, secret, 0)); code != "" {
			t.Errorf("the owner gets %q", code)
		}
		if kinds := s.kindsOfEvents(uma); strings.Count(kinds, "LOG_INS_LIMITED") != 1 || strings.Count(kinds, "TWO_FACTOR_FAILED") != 20 {
			t.Errorf("the security events are %s", kinds)
		}
	})
}

// TestOneCodeForMany uses a code and a recovery code many times at once, through two servers.
func TestOneCodeForMany(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		secret, recovery := s.enrol(uma)
		servers := []*server{s, serve(t, s.store, db.Options{})}
		token := s.challenge(uma)
		for _, code := range []string{codeAt(t, secret, 30*time.Second), recovery[0]} {
			var succeeded atomic.Int32
			atOnce(5, func(i int) {
				_, _, err := servers[i%2].db.CompleteLogIn(t.Context(), token, code, "127.0.0.1")
				if err == nil {
					succeeded.Add(1)
				} else if got := store.CodeOf(err); got != store.BadInput && got != store.RateLimited {
					t.Errorf("a code that others use gives %v", err)
				}
			})
			if succeeded.Load() != 1 {
				t.Errorf("%s was accepted %d times", code, succeeded.Load())
			}
			s.passTime(25 * time.Hour)
		}
	})
}

// TestRequiredTwoFactor makes admins set up a second factor when they log in.
func TestRequiredTwoFactor(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		s = serve(t, s.store, db.Options{TwoFactor: db.TwoFactorForAdmins})
		ada := s.signUpUser("Ada")
		uma := s.refreshed(s.hire(ada, "Uma"))
		s.refused("", refreshMutation, variables{"token": ada.refresh}, anon)
		token := s.challenge(ada)
		s.refused("", completeLogIn, variables{"challenge": token, "code": "123456"}, conflict)
		secret := s.must("", startTwoFactor, variables{"challenge": token}).text("startTwoFactor.secret")
		done := s.must("", confirmTwoFactor, variables{"challenge": token, "code": codeAt(t, secret, 0)})
		next := account{ada.id, ada.email, done.text("confirmTwoFactor.tokens.accessToken"), done.text("confirmTwoFactor.tokens.refreshToken")}
		if s.alive(ada) || !s.alive(next) || !s.alive(uma) {
			t.Error("the session without a second factor lasts, or the new one doesn't")
		}
		next = s.refreshed(next)
		s.refused(next.token, disableTwoFactor, variables{"code": codeAt(t, secret, 30*time.Second)}, deny)
		s.must("", completeLogIn, variables{"challenge": s.challenge(ada), "code": codeAt(t, secret, 30*time.Second)})
		if a := s.must(next.token, `query($of: ID) { own: twoFactor { required } other: twoFactor(of: $of) { required } }`, variables{"of": uma.id}); a.at("own.required") != true || a.at("other.required") != false {
			t.Errorf("the states are %s", a.raw)
		}
	})
}

// storedSecret returns what is stored as the secret of an account's second factor.
func (s *server) storedSecret(a account) string {
	s.t.Helper()
	var found db.TwoFactor
	q := store.Query{Where: store.Eq("_id", store.DerivedID("two-factor", a.id)), Limit: 1}
	if err := s.store.Find(s.t.Context(), db.TwoFactors.Collection, q, func() store.Document { return &found }); err != nil || found.Secret == "" {
		s.t.Fatalf("no secret is stored: %v", err)
	}
	return found.Secret
}

// TestFirstCodesAreLimited guesses the first code of a secret, and confirms an old one.
func TestFirstCodesAreLimited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		begin := func() string {
			return s.must(uma.token, startTwoFactor, variables{"password": password}).text("startTwoFactor.secret")
		}
		secret := begin()
		for range 5 {
			s.refused(uma.token, confirmTwoFactor, variables{"code": "no code"}, bad)
		}
		s.refused(uma.token, confirmTwoFactor, variables{"code": codeAt(t, secret, 0)}, "RATE_LIMITED")
		if kinds := s.kindsOfEvents(uma); strings.Count(kinds, "TWO_FACTOR_FAILED") != 5 {
			t.Errorf("the security events are %s", kinds)
		}
		s.passTime(15 * time.Minute)
		set := []store.Assignment{{Field: "created_at", Value: time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)}}
		if err := s.store.Update(t.Context(), db.TwoFactors.Collection, store.DerivedID("two-factor", uma.id), store.Filter{}, set); err != nil {
			t.Fatal(err)
		}
		s.refused(uma.token, confirmTwoFactor, variables{"code": codeAt(t, secret, 0)}, conflict)
		s.must(uma.token, confirmTwoFactor, variables{"code": codeAt(t, begin(), 0)})
		if n := s.attempts(store.Eq("key", "account:code:"+uma.id)); n != 0 {
			t.Errorf("after a right code, %d wrong ones count", n)
		}
	})
}

// TestResetEndsTheCountOfCodes checks that an admin who removes a second factor lets its holder set up another one at once, and that
// nothing happens to one that was only begun.
func TestResetEndsTheCountOfCodes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		s.enrol(uma)
		challenge := s.challenge(uma)
		for range 5 {
			s.refused("", completeLogIn, variables{"challenge": challenge, "code": "no code"}, bad)
		}
		s.refused("", completeLogIn, variables{"challenge": challenge, "code": "no code"}, "RATE_LIMITED")
		s.must(ada.token, resetTwoFactor, variables{"id": uma.id})
		pending := s.must(uma.token, startTwoFactor, variables{"password": password}).text("startTwoFactor.secret")
		s.must(ada.token, resetTwoFactor, variables{"id": uma.id})
		if kinds := s.kindsOfEvents(uma); strings.Count(kinds, "TWO_FACTOR_RESET") != 1 {
			t.Errorf("the security events are %s", kinds)
		}
		s.must(uma.token, confirmTwoFactor, variables{"code": codeAt(t, pending, 0)})
	})
}

// TestSessionsWithoutRequiredFactor refreshes sessions that began before a second factor was required: they end, and the reuse of a token
// is noticed all the same.
func TestSessionsWithoutRequiredFactor(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		robbed := s.anotherSession(ada)
		refreshed := s.refreshed(robbed)
		s.ageExchange(refreshed.refresh, 20*time.Second)
		requiring := serve(t, s.store, db.Options{TwoFactor: db.TwoFactorForAdmins})
		watching := s.anotherSession(ada)
		requiring.refused("", refreshMutation, variables{"token": ada.refresh}, anon)
		requiring.refused("", refreshMutation, variables{"token": robbed.refresh}, anon)
		if requiring.alive(ada) || requiring.alive(refreshed) || !requiring.alive(watching) {
			t.Error("a session lasts that can't be refreshed")
		}
		const want = "REFRESH_TOKEN_REUSED SESSION_ENDED"
		if kinds := requiring.kindsOfEvents(watching); !strings.HasPrefix(kinds, want) {
			t.Errorf("the security events are %s, want %s first", kinds, want)
		}
	})
}
