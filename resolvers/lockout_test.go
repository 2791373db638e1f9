package resolvers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// logInFrom logs a user in from a network address, and returns the error's code.
func (s *server) logInFrom(address, email, password string) store.Code {
	s.t.Helper()
	ctx := auth.WithViewer(s.t.Context(), auth.Viewer{Address: address})
	user, err := s.db.LogInUser(ctx, db.Credentials{Email: email, Password: password, Address: address})
	if err == nil {
		_, _, err = s.db.StartUserSession(ctx, user)
	}
	return store.CodeOf(err)
}

// customerLogInFrom is logInFrom for a customer.
func (s *server) customerLogInFrom(address, email, password string) store.Code {
	s.t.Helper()
	ctx := auth.WithViewer(s.t.Context(), auth.Viewer{Address: address})
	customer, err := s.db.LogInCustomer(ctx, db.Credentials{Email: email, Password: password, Address: address})
	if err == nil {
		_, _, err = s.db.StartCustomerSession(ctx, customer)
	}
	return store.CodeOf(err)
}

// kindsOfEvents returns the kinds of an account's security events, the newest first.
func (s *server) kindsOfEvents(a account) string {
	s.t.Helper()
	var kinds []string
	nodes, _ := s.must(a.token, `{ securityEvents(first: 100) { nodes { kind } } }`, nil).at("securityEvents.nodes").([]any)
	for _, node := range nodes {
		kinds = append(kinds, node.(map[string]any)["kind"].(string))
	}
	return strings.Join(kinds, " ")
}

// TestLockoutIsNoWeapon attacks an account from one network and from 50, through two servers. The owner gets in from where they have
// logged in before, all the time, and the attacker gets no more than 100 tries in a day.
func TestLockoutIsNoWeapon(t *testing.T) {
	onEachEngineCounting(t, func(t *testing.T, s *server, passwords *countedPasswords) {
		const home, office, hotel = "198.51.100.1", "2001:db8:1:2::1", "198.51.100.77"
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		servers := []*server{s, serveWith(t, s.store, passwords, db.Options{})}
		ownerGetsIn := func(when string) {
			t.Helper()
			for _, address := range []string{home, "2001:db8:1:2::ffff"} { // another address in the network of the office
				if code := s.logInFrom(address, uma.email, password); code != "" {
					t.Errorf("%s, the owner gets %s at %s", when, code, address)
				}
			}
		}
		for _, address := range []string{home, office} {
			if code := s.logInFrom(address, uma.email, password); code != "" {
				t.Fatal(code)
			}
		}
		tried := 0
		attack := func(address string) (refused bool) {
			t.Helper()
			before := passwords.checks.Load()
			code := servers[tried%2].logInFrom(address, uma.email, "a wrong guess")
			tried++
			if checked := passwords.checks.Load() > before; checked != (code == store.Unauthenticated) {
				t.Errorf("a wrong password gets %q, and is checked: %v", code, checked)
			}
			return code == store.RateLimited
		}
		guesses := func(until int, networks ...string) (n int) {
			t.Helper()
			for _, network := range networks {
				for range until {
					if attack(network) {
						break
					}
					n++
				}
			}
			return n
		}
		if n := guesses(20, "192.0.2.1"); n != 10 {
			t.Errorf("one network has %d guesses, want 10", n)
		}
		ownerGetsIn("under attack from one network")
		if code := s.logInFrom(hotel, uma.email, password); code != "" {
			t.Errorf("from elsewhere, the owner gets %s", code)
		}
		var many []string
		for i := range 50 {
			many = append(many, fmt.Sprintf("203.0.113.%d", i))
		}
		total := 10
		n := guesses(1, many...)
		if total += n; n != 20 {
			t.Errorf("50 networks have %d more guesses in the same hour, want 20", n)
		}
		ownerGetsIn("under attack from 50 networks")
		for range 3 {
			s.passTime(time.Hour)
			n := guesses(1, many[:40]...)
			if total += n; n > 30 {
				t.Errorf("50 networks have %d guesses in an hour", n)
			}
		}
		if total != 100 {
			t.Errorf("the attacker has %d guesses in a day, want 100", total)
		}
		ownerGetsIn("after 100 guesses")
		if kinds := s.kindsOfEvents(uma); strings.Count(kinds, "LOG_INS_LIMITED") != 1 {
			t.Errorf("the security events are %s; want one LOG_INS_LIMITED", kinds)
		}
	})
}

// TestRightPasswordFromElsewhere checks that the owner's log-in doesn't give an attacker new tries.
func TestRightPasswordFromElsewhere(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	ada := s.signUpUser("Ada")
	for range 10 {
		s.logInFrom("192.0.2.1", ada.email, "a wrong guess")
	}
	s.anotherSession(ada)
	if code := s.logInFrom("192.0.2.1", ada.email, password); code != store.RateLimited {
		t.Errorf("after a log-in from elsewhere, an attacker gets %q", code)
	}
}

// TestKnownNetworks checks how many networks an account is known from, so that no limit grows without end.
func TestKnownNetworks(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	ada := s.signUpUser("Ada")
	for i := range 25 {
		if code := s.logInFrom(fmt.Sprintf("198.51.100.%d", i), ada.email, password); code != "" {
			t.Fatal(code)
		}
	}
	n, err := s.store.Count(t.Context(), db.KnownNetworks.Collection, store.Filter{})
	if err != nil || n > 20 {
		t.Errorf("%d networks are known: %v", n, err)
	}
}

// refusedLogIn is a kind of log-in that is refused.
type refusedLogIn struct {
	name   string
	logIn  func(address, email, password string) store.Code
	create func(email string)
}

// refusedLogIns returns the kinds of log-ins that are refused.
func (s *server) refusedLogIns() []refusedLogIn {
	scope := s.viewer(s.signUpUser("Ada")).Scope()
	check := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	newUser := func(email string, verified bool) store.ID {
		user, err := s.db.CreateUser(s.t.Context(), scope, db.NewUser{Name: "U", Email: email, Password: password, Role: auth.User, Verified: verified})
		check(err)
		return user.ID
	}
	newCustomer := func(email string, verified bool) {
		_, err := s.db.CreateCustomer(s.t.Context(), scope, db.NewCustomer{Name: "C", Email: email, Password: new(password), Verified: verified})
		check(err)
	}
	return []refusedLogIn{
		{"unknown", s.logInFrom, func(string) {}},
		{"with another password", s.logInFrom, func(email string) { newUser(email, true) }},
		{"unverified", s.logInFrom, func(email string) { newUser(email, false) }},
		{"without a password", s.logInFrom, func(email string) {
			_, err := s.db.InviteUser(s.t.Context(), scope, db.NewUser{Email: email, Role: auth.User})
			check(err)
		}},
		{"deactivated", s.logInFrom, func(email string) {
			_, err := s.db.DeactivateUser(s.t.Context(), scope, newUser(email, true), nil, nil)
			check(err)
		}},
		{"with only a provider", s.logInFrom, func(email string) {
			s.onlyProvider(newUser(email, true), email)
		}},
		{"unknown among customers", s.customerLogInFrom, func(string) {}},
		{"of a customer with another password", s.customerLogInFrom, func(email string) { newCustomer(email, true) }},
		{"of a customer and unverified", s.customerLogInFrom, func(email string) { newCustomer(email, false) }},
	}
}

// onlyProvider makes a user log in with an identity provider, and have no password.
func (s *server) onlyProvider(id store.ID, email string) {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	set := []store.Assignment{{Field: "password", Value: ""}, {Field: "provider_since", Value: now}}
	if err := s.store.Update(s.t.Context(), db.Users.Collection, id, store.Filter{}, set); err != nil {
		s.t.Fatal(err)
	}
	s.insert(db.ProviderAccounts.Collection, &db.ProviderAccount{
		ID: store.NewID(), Account: auth.AccountKey(auth.User, id), Issuer: "https://id.example.com", Subject: email, CreatedAt: now,
	})
}

// TestTimeOfLogIns prints how long refused log-ins take. That depends on the machine, so what is checked is the work: each hashes one
// password, whatever the address is known for.
func TestTimeOfLogIns(t *testing.T) {
	t.Parallel()
	tries := 20
	if thorough() {
		tries = 200
	}
	hasher := &countedPasswords{Passwords: newTestHasher(t)}
	s := serveWith(t, openSQLite(t), hasher, db.Options{RequireVerifiedEmail: true})
	for _, test := range s.refusedLogIns() {
		const perAccount = 10
		times := make([]time.Duration, 0, tries)
		for i := range tries {
			email := fmt.Sprintf("%s%d@example.com", strings.ReplaceAll(test.name, " ", ""), i/perAccount)
			if i%perAccount == 0 {
				test.create(email)
			}
			checks, hashes, began := hasher.checks.Load(), hasher.hashes.Load(), time.Now()
			code := test.logIn(fmt.Sprintf("192.0.2.%d", i), email, "a wrong guess")
			times = append(times, time.Since(began))
			if n, m := hasher.checks.Load()-checks, hasher.hashes.Load()-hashes; code != store.Unauthenticated || n != 1 || m != 0 {
				t.Fatalf("%s: got %q after %d checks and %d hashes, want one check", test.name, code, n, m)
			}
		}
		slices.Sort(times)
		t.Logf("an account %s: refused in %s (median of %d)", test.name, times[len(times)/2], len(times))
	}
}

func newTestHasher(t *testing.T) *auth.Hasher {
	t.Helper()
	hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

// forgetful is a store that can't add documents to a collection.
type forgetful struct {
	store.Store

	collection *store.Collection
}

func (f forgetful) Insert(ctx context.Context, c *store.Collection, doc store.Document, events ...*store.Event) error {
	if c == f.collection {
		return errors.New("the disk is full")
	}
	return f.Store.Insert(ctx, c, doc, events...)
}

// TestUnknownNetworkIsNoFailure checks that a log-in whose network can't be remembered succeeds: its session is written already.
func TestUnknownNetworkIsNoFailure(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		s = serve(t, forgetful{s.store, db.KnownNetworks.Collection}, db.Options{})
		if ada := s.anotherSession(s.signUpUser("Ada")); !s.alive(ada) {
			t.Error("the session has ended")
		}
	})
}
