package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// ByEmail returns the account with that address, regardless of case; it is NOT_FOUND if there is none that the scope
// sees. It accepts any text, since the old application accepted invalid addresses.
func ByEmail[T User | Customer](ctx context.Context, accounts *entity.Reader[T], scope auth.Scope, email string) (*T, error) {
	return accounts.Single(ctx, scope, store.Eq("email_key", AddressKey(email)))
}

// AddressKey returns what is equal for equal addresses: that of an account, one in a mail, or one that somebody enters. It is empty if
// there is no address.
func AddressKey(email string) string { return textkey.Address(email) }

// SameAddress reports whether two addresses are equal. All comparisons of addresses go by it or by AddressKey, so that nobody is one
// person here and another one there.
func SameAddress(a, b string) bool { return AddressKey(a) == AddressKey(b) }
