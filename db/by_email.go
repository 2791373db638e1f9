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
	return accounts.Single(ctx, scope, store.Eq("email_key", textkey.Address(email)))
}
