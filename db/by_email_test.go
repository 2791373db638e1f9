package db_test

import (
	"testing"

	"crm/db"
)

// TestSameAddress checks which addresses are equal, and that a customer's is known to bounce in any form.
func TestSameAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"carl@customer.example", " Carl@CUSTOMER.example\n", true},
		{"carl@bücher.example", "Carl@xn--BCHER-kva.example", true},
		{"ju\u0308rgen@customer.example", "JÜRGEN@customer.example", true},
		{"νίκος@customer.example", "ΝΊΚΟΣ@customer.example", true}, // whose last letter has two small forms
		{"carl@customer.example", "carl@customer.example.com", false},
		{"carl+crm@customer.example", "carl@customer.example", false},
		{"no address", "No Address ", true},
		{"", " ", true},
	} {
		if got := db.SameAddress(test.a, test.b); got != test.same || (db.AddressKey(test.a) == db.AddressKey(test.b)) != got {
			t.Errorf("%q and %q are the same: %t", test.a, test.b, got)
		}
		customer := db.Customer{Email: test.a, BouncingEmail: test.b}
		if got := customer.Bouncing(); got != test.same {
			t.Errorf("mail to %q comes back from %q: %t", test.a, test.b, got)
		}
	}
}
