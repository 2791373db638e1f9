package resolvers_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// countedPasswords counts verified and hashed passwords.
type countedPasswords struct {
	db.Passwords

	checks, hashes atomic.Int32
}

func (p *countedPasswords) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	p.checks.Add(1)
	return p.Passwords.Verify(ctx, hash, password)
}

func (p *countedPasswords) Hash(ctx context.Context, password string) (string, error) {
	p.hashes.Add(1)
	return p.Passwords.Hash(ctx, password)
}

// onEachEngineCounting runs a test with a server that counts the checks of passwords.
func onEachEngineCounting(t *testing.T, test func(t *testing.T, s *server, passwords *countedPasswords)) {
	t.Helper()
	onEachEngine(t, func(t *testing.T, s *server) {
		hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
		if err != nil {
			t.Fatal(err)
		}
		passwords := &countedPasswords{Passwords: hasher}
		test(t, serveWith(t, s.store, passwords, db.Options{}), passwords)
	})
}

const logInMutation = `mutation($email: EmailAddress!, $password: String!) {
	logInUser(input: {email: $email, password: $password}) { __typename } }`

// wrong tries wrong passwords, which are refused as wrong.
func (s *server) wrong(email string, n int) {
	s.t.Helper()
	for range n {
		s.refused("", logInMutation, variables{"email": email, "password": "a wrong guess"}, anon)
	}
}

// limited tries a password and returns retryAfter.
func (s *server) limited(email, password string) int {
	s.t.Helper()
	after := s.refused("", logInMutation, variables{"email": email, "password": password}, "RATE_LIMITED").Extensions.RetryAfter
	if after <= 0 || after > 900 {
		s.t.Errorf("retryAfter is %d seconds", after)
	}
	return after
}

// attempts counts the stored attempts.
func (s *server) attempts(where store.Filter) int {
	s.t.Helper()
	n, err := s.store.Count(s.t.Context(), db.LoginAttempts.Collection, where)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// passTime makes all attempts older.
func (s *server) passTime(by time.Duration) {
	s.t.Helper()
	var tries []*db.LoginAttempt
	err := s.store.Find(s.t.Context(), db.LoginAttempts.Collection, store.Query{Sort: []store.Sort{{Field: "_id"}}}, func() store.Document {
		tries = append(tries, new(db.LoginAttempt))
		return tries[len(tries)-1]
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, try := range tries {
		set := []store.Assignment{{Field: "at", Value: try.At.Add(-by)}}
		if err := s.store.Update(s.t.Context(), db.LoginAttempts.Collection, try.ID, store.Filter{}, set); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	onEachEngineCounting(t, func(t *testing.T, s *server, passwords *countedPasswords) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		s.must("", `mutation { signUpCustomer(input: {name: "U", email: "uma@example.com", password: "correct horse"}) { customer { id } } }`, nil)
		before := passwords.checks.Load()
		s.wrong(uma.email, 5)
		s.wrong(strings.ToUpper(uma.email), 5)
		if checks := passwords.checks.Load() - before; checks != 10 {
			t.Errorf("10 tries checked %d passwords", checks)
		}
		first, known := s.limited(uma.email, "a wrong guess"), s.attempts(store.Filter{})
		for range 3 {
			if after := s.limited(uma.email, password); after > first {
				t.Errorf("further attempts extend it from %d to %d seconds", first, after)
			}
		}
		if n := s.attempts(store.Filter{}); n != known {
			t.Errorf("refused attempts count: %d became %d", known, n)
		}
		if checks := passwords.checks.Load() - before; checks != 10 {
			t.Errorf("%d passwords were checked, want none", checks-10)
		}

		// The customer with the same address, another user and logged-in sessions are not affected.
		s.must("", `mutation { logInCustomer(input: {email: "uma@example.com", password: "correct horse"}) { customer { id } } }`, nil)
		s.anotherSession(ada)
		if !s.alive(uma) || !s.alive(s.refreshed(uma)) {
			t.Error("a session ended because of wrong passwords")
		}
		s.passTime(14 * time.Minute)
		if after := s.limited(uma.email, password); after > 60 {
			t.Errorf("a minute before the end retryAfter is %d seconds", after)
		}
		s.passTime(time.Minute)
		s.anotherSession(uma)
	})
}

func TestCorrectPasswordResetsTheCount(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for range 2 {
			s.wrong(ada.email, 9)
			s.anotherSession(ada)
		}
		s.wrong(ada.email, 10)
		s.limited(ada.email, password)
		if n := s.attempts(store.Eq("network", "127.0.0.1")); n != 10 {
			t.Errorf("%d attempts count for the client's address, want 10", n)
		}
	})
}

// TestNewPasswordEndsLockout checks that an account may log in with a password that an admin sets, however many wrong ones
// were tried before.
func TestNewPasswordEndsLockout(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		customer := s.must("", `mutation { signUpCustomer(input: {name: "U", email: "Uma@example.com", password: "correct horse"}) { customer { id } } }`, nil).
			text("signUpCustomer.customer.id")
		for mutation, id := range map[string]string{logInMutation: uma.id, strings.ReplaceAll(logInMutation, "logInUser", "logInCustomer"): customer} {
			vars := variables{"email": "uma@example.com", "password": "a wrong guess"}
			for range 10 {
				s.refused("", mutation, vars, anon)
			}
			s.refused("", mutation, vars, "RATE_LIMITED")
			s.must(ada.token, `mutation($id: ID!) { setPassword(input: {id: $id, newPassword: "battery staple"}) { __typename } }`, variables{"id": id})
			s.must("", mutation, variables{"email": "uma@example.com", "password": "battery staple"})
		}
	})
}

// TestConcurrentAttemptsAreLimited checks that attempts are counted before the password is verified; otherwise all would
// pass.
func TestConcurrentAttemptsAreLimited(t *testing.T) {
	onEachEngineCounting(t, func(t *testing.T, s *server, passwords *countedPasswords) {
		ada := s.signUpUser("Ada")
		var wrong, limited atomic.Int32
		atOnce(30, func(int) {
			_, err := s.db.LogInUser(t.Context(), db.Credentials{Email: ada.email, Password: "a wrong guess", Address: "192.0.2.1"})
			switch store.CodeOf(err) {
			case store.Unauthenticated:
				wrong.Add(1)
			case store.RateLimited:
				limited.Add(1)
			default:
				t.Errorf("a wrong password gives %v", err)
			}
		})
		if checks := passwords.checks.Load(); checks > 10 || checks != wrong.Load() || wrong.Load()+limited.Load() != 30 {
			t.Errorf("%d passwords were checked, %d wrong, %d limited", checks, wrong.Load(), limited.Load())
		}
		if n := s.attempts(store.Eq("network", "192.0.2.1")); n != int(wrong.Load()) {
			t.Errorf("%d attempts count for %d wrong passwords", n, wrong.Load())
		}
	})
}

// TestUnknownAddressCostsAsMuch checks that the time of a response doesn't reveal which accounts exist.
func TestUnknownAddressCostsAsMuch(t *testing.T) {
	onEachEngineCounting(t, func(t *testing.T, s *server, passwords *countedPasswords) {
		w := s.newWorld()
		ada := w.people["ada"]
		s.must(ada.token, `mutation { createCustomer(input: {name: "N", email: "nopassword@example.org"}) { customer { id } } }`, nil)
		s.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": w.ids["uma"]})
		ofCustomer := strings.ReplaceAll(logInMutation, "logInUser", "logInCustomer")
		var messages []string
		for _, test := range []struct{ mutation, email, password string }{
			{logInMutation, w.people["otto"].email, "a wrong guess"},
			{logInMutation, "unknown@example.com", password},
			{logInMutation, w.people["uma"].email, password},
			{ofCustomer, w.people["cleo"].email, "a wrong guess"},
			{ofCustomer, "unknown@example.org", password},
			{ofCustomer, "nopassword@example.org", ""},
		} {
			checks, hashes := passwords.checks.Load(), passwords.hashes.Load()
			problem := s.refused("", test.mutation, variables{"email": test.email, "password": test.password}, anon)
			messages = append(messages, problem.Message)
			if n, m := passwords.checks.Load()-checks, passwords.hashes.Load()-hashes; n != 1 || m != 0 || problem.Message != messages[0] {
				t.Errorf("%s: %d checks, %d hashes, and %q; want one check, as for all", test.email, n, m, problem.Message)
			}
		}
		s.wrong("unknown@example.com", 9)
		s.limited("unknown@example.com", password)
	})
}

// TestAddressIsLimited tries many accounts from one network address.
func TestAddressIsLimited(t *testing.T) {
	onEachEngineCounting(t, func(t *testing.T, s *server, passwords *countedPasswords) {
		ada := s.signUpUser("Ada")
		logIn := func(email, password, address string) store.Code {
			_, err := s.db.LogInUser(t.Context(), db.Credentials{Email: email, Password: password, Address: address})
			return store.CodeOf(err)
		}
		const attacker, owner = "192.0.2.1", "192.0.2.2"
		for i := range 100 {
			if code := logIn(fmt.Sprintf("user%d@example.com", i/9), "a wrong guess", attacker); code != store.Unauthenticated {
				t.Fatalf("attempt %d gives %q", i, code)
			}
		}
		checks := passwords.checks.Load()
		for range 12 {
			if code := logIn(ada.email, password, attacker); code != store.RateLimited {
				t.Fatalf("the 101st attempt gives %q", code)
			}
		}
		if passwords.checks.Load() != checks {
			t.Error("a password was checked after the limit")
		}
		// Refused attempts of the attacker must not lock the owner out.
		if code := logIn(ada.email, password, owner); code != "" {
			t.Errorf("the owner, from elsewhere, gets %q", code)
		}
	})
}

// TestAddressesOfOneNetwork checks that an IPv6 network is limited like one address, because a client usually has a whole
// network.
func TestAddressesOfOneNetwork(t *testing.T) {
	t.Parallel()
	for network, want := range map[string]bool{"2001:db8:1:2::%x": true, "2001:db8:1:%x::1": false, "::ffff:192.0.2.%d": false} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := serve(t, openSQLite(t), db.Options{})
			limited := false
			for i := range 150 {
				_, err := s.db.LogInUser(t.Context(), db.Credentials{
					Email: fmt.Sprintf("user%d@example.com", i), Password: "a wrong guess", Address: fmt.Sprintf(network, i),
				})
				limited = limited || store.CodeOf(err) == store.RateLimited
			}
			if limited != want {
				t.Errorf("limited: %t, want %t", limited, want)
			}
		})
	}
}
