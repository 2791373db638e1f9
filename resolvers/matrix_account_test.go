package resolvers_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// TestAddressesAreUnique checks that addresses are unique case-insensitively, separately among users and among customers.
func TestAddressesAreUnique(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		const (
			createUser     = `mutation($email: EmailAddress!) { createUser(input: {name: "N", email: $email, password: "correct horse"}) { user { id email } } }`
			signUpCustomer = `mutation($email: EmailAddress!) { signUpCustomer(input: {name: "N", email: $email, password: "correct horse"}) { customer { id email } tokens { accessToken } } }`
			createCustomer = `mutation($email: EmailAddress!) { createCustomer(input: {name: "N", email: $email}) { customer { id email } } }`
			updateCustomer = `mutation($id: ID!, $email: EmailAddress!) { updateCustomer(input: {id: $id, email: $email}) { customer { email } } }`
			updateUser     = `mutation($id: ID!, $email: EmailAddress!) { updateUser(input: {id: $id, email: $email}) { user { email } } }`
		)
		taken := func(mutation string, vars variables) {
			t.Helper()
			problem := s.refused(ada.token, mutation, vars, "CONFLICT")
			if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != "input.email" {
				t.Errorf("the conflict is %+v, want it on input.email", problem)
			}
		}
		kept := func(a answer, path, want string) {
			t.Helper()
			if got := a.text(path); got != want {
				t.Errorf("the stored address is %q, want %q", got, want)
			}
		}
		user := s.must(ada.token, createUser, variables{"email": "Rohan@Example.com"})
		kept(user, "createUser.user.email", "Rohan@Example.com")
		customer := s.must("", signUpCustomer, variables{"email": "rohan@example.COM"})
		kept(customer, "signUpCustomer.customer.email", "rohan@example.COM")
		for _, email := range []string{"Rohan@Example.com", "rohan@example.com", "ROHAN@EXAMPLE.COM"} {
			for _, mutation := range []string{createUser, signUpCustomer, createCustomer} {
				taken(mutation, variables{"email": email})
			}
			for _, mutation := range []string{"logInUser(input: $in) { user { email } }", "logInCustomer(input: $in) { customer { email } }"} {
				s.must("", "mutation($in: LogInInput!) { "+mutation+" }", variables{"in": variables{"email": email, "password": password}})
			}
		}
		second := s.must(ada.token, createCustomer, variables{"email": "rahul@example.com"}).text("createCustomer.customer.id")
		taken(updateCustomer, variables{"id": second, "email": "Rohan@Example.com"})
		taken(updateUser, variables{"id": s.hire(ada, "Uma").id, "email": "ROHAN@example.com"})

		// An account's own address in another case is no conflict, and an abandoned address is available at once.
		id := customer.text("signUpCustomer.customer.id")
		kept(s.must(ada.token, updateCustomer, variables{"id": id, "email": "Rohan@example.com"}), "updateCustomer.customer.email", "Rohan@example.com")
		s.must(ada.token, updateCustomer, variables{"id": id, "email": "other@example.com"})
		s.must(ada.token, updateCustomer, variables{"id": second, "email": "rohan@example.com"})
		s.must(ada.token, `mutation($id: ID!) { deleteCustomer(input: {id: $id}) { deletedId } }`, variables{"id": second})
		s.must("", signUpCustomer, variables{"email": "ROHAN@example.com"})
	})
}

func TestOneAddressSignedUpByManyAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		var made atomic.Int32
		secret := password
		atOnce(8, func(i int) {
			email := []string{"cleo@example.org", "Cleo@Example.org"}[i%2]
			_, err := s.db.SignUpCustomer(t.Context(), db.NewCustomer{Name: "C", Email: email, Password: &secret}, "")
			if err == nil {
				made.Add(1)
			} else if store.CodeOf(err) != store.Conflict {
				t.Error(err)
			}
		})
		if made.Load() != 1 {
			t.Errorf("%d accounts have one address", made.Load())
		}
	})
}

// TestOldHashesAreRenewed checks that an account of the old application logs in with its hash, which then gets the current
// cost.
func TestOldHashesAreRenewed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cleo := s.signUpUser("Ada"), s.signUpCustomer("Cleo")
		// The old application accepted passwords longer than the 72 bytes that bcrypt uses, and truncated them.
		endless := strings.Repeat("p", 80)
		for _, test := range []struct {
			name         string
			who          account
			password     string
			cost, wanted int
		}{
			{"a user's", ada, password, bcrypt.MinCost + 2, bcrypt.MinCost},
			{"a customer's", cleo, password, bcrypt.MinCost + 1, bcrypt.MinCost},
			{"one of today's cost", cleo, password, bcrypt.MinCost, bcrypt.MinCost},
			{"one that today's rules refuse", ada, "short", bcrypt.MinCost + 1, bcrypt.MinCost + 1},
			{"one that is longer than bcrypt reads", ada, endless, bcrypt.MinCost + 1, bcrypt.MinCost + 1},
		} {
			hash, err := bcrypt.GenerateFromPassword([]byte(test.password)[:min(72, len(test.password))], test.cost)
			if err != nil {
				t.Fatal(err)
			}
			s.setHash(test.who, string(hash))
			if _, ok := s.logInAs(test.who, "not this one"); ok || s.hashOf(test.who) != string(hash) {
				t.Errorf("%s: a wrong password is accepted: %v, or changes the hash", test.name, ok)
			}
			for range 2 {
				if _, ok := s.logInAs(test.who, test.password); !ok {
					t.Errorf("%s: the password isn't accepted", test.name)
				}
			}
			fresh := s.hashOf(test.who)
			if cost, err := bcrypt.Cost([]byte(fresh)); cost != test.wanted || err != nil {
				t.Errorf("%s: the hash has cost %d, %v, want %d", test.name, cost, err, test.wanted)
			}
			if test.cost == test.wanted && fresh != string(hash) {
				t.Errorf("%s: the hash was renewed", test.name)
			}
			if !s.alive(test.who) {
				t.Errorf("%s: their session ended", test.name)
			}
		}
	})
}

// setHash stores a password hash as the old application did.
func (s *server) setHash(a account, hash string) {
	s.t.Helper()
	c := db.Users
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		c = db.Customers
	}
	set := []store.Assignment{{Field: "password", Value: hash}}
	if err := s.store.Update(s.t.Context(), c.Collection, idOf(s.t, a.id), store.Filter{}, set); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) hashOf(a account) string {
	s.t.Helper()
	if strings.HasPrefix(a.id, string(db.KindCustomer)) {
		customer, err := s.db.Customers.Get(s.t.Context(), auth.SystemScope(), idOf(s.t, a.id))
		if err != nil {
			s.t.Fatal(err)
		}
		return customer.PasswordHash
	}
	user, err := s.db.Users.Get(s.t.Context(), auth.SystemScope(), idOf(s.t, a.id))
	if err != nil {
		s.t.Fatal(err)
	}
	return user.PasswordHash
}
