package resolvers_test

import (
	"testing"

	"crm/db/store"
)

// TestAddresses checks that one notion of an address holds at sign-up, at log-in, in look-ups and in filters.
func TestAddresses(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("ada")
		const signUp = `mutation($email: EmailAddress!) {
			signUpCustomer(input: {name: "X", email: $email, password: "correct horse"}) { customer { email } }
		}`
		const logIn = `mutation($email: EmailAddress!) {
			logInCustomer(input: {email: $email, password: "correct horse"}) { customer { email } }
		}`
		const lookUp = `query($email: EmailAddress!) { customer(by: {email: $email}) { email } }`
		const filter = `query($email: String!) { customers(where: {email: {eq: $email}}) { nodes { email } } }`
		for _, test := range []struct {
			given, stored string
			same          []string
		}{
			{" Rohan@Gmail.com\n", "Rohan@Gmail.com", []string{"rohan@gmail.com ", "ROHAN@GMAIL.COM"}},
			{"taro..yamada.@docomo.example", "taro..yamada.@docomo.example", []string{"Taro..Yamada.@docomo.example"}},
			{"user@Bücher.example", "user@Bücher.example", []string{
				"user@bücher.example", "user@xn--bcher-kva.example", "User@XN--BCHER-KVA.example", "user@bu\u0308cher.example",
			}},
			{"user@xn--mller-kva.example", "user@xn--mller-kva.example", []string{"user@müller.example"}},
			{"ju\u0308rgen@example.com", "jürgen@example.com", []string{"JÜRGEN@example.com"}},
		} {
			a := s.must("", signUp, variables{"email": test.given})
			if got := a.text("signUpCustomer.customer.email"); got != test.stored {
				t.Errorf("%q is stored as %q, want %q", test.given, got, test.stored)
			}
			for _, email := range append(test.same, test.given, test.stored) {
				s.refused("", signUp, variables{"email": email}, string(store.Conflict))
				for path, a := range map[string]answer{
					"logInCustomer.customer.email": s.must("", logIn, variables{"email": email}),
					"customer.email":               s.must(admin.token, lookUp, variables{"email": email}),
					"customers.nodes.0.email":      s.must(admin.token, filter, variables{"email": email}),
				} {
					if got := a.text(path); got != test.stored {
						t.Errorf("%q finds %s %q, want %q", email, path, got, test.stored)
					}
				}
			}
		}
		for _, email := range []string{"a b@example.com", "a@b@c", "a@[127.0.0.1]", "=?utf-8?q?x?=@example.com", "a@bü_cher.example"} {
			s.refused("", signUp, variables{"email": email}, string(store.BadInput))
		}
		found := s.must(admin.token, `{ customers(where: {email: {contains: "bücher"}}) { nodes { email } } }`, nil)
		if got := found.text("customers.nodes.0.email"); got != "user@Bücher.example" {
			t.Errorf("a search finds %s", found.raw)
		}
	})
}
