package db

import (
	"context"
	"strings"

	"crm/auth"
)

// UserByEmail returns the user with that address, regardless of case; it is NOT_FOUND if there is none that the scope
// sees.
func (d *DB) UserByEmail(ctx context.Context, scope auth.Scope, email string) (*User, error) {
	return byEmail(ctx, d.Users, scope, email)
}

// CustomerByEmail does for customers what UserByEmail does for users.
func (d *DB) CustomerByEmail(ctx context.Context, scope auth.Scope, email string) (*Customer, error) {
	return byEmail(ctx, d.Customers, scope, email)
}

// byEmail finds the one document that the unique index has under the address. What the scope doesn't see is narrowed
// away in the same call to the store, so that nothing tells it from what isn't there. Any text is looked for, also one
// that is no address: the old application accepted such.
func byEmail[T any](ctx context.Context, e *Entities[T], scope auth.Scope, email string) (*T, error) {
	key := Fold(strings.TrimSpace(email))
	found, err := e.find(ctx, scope, Query{Where: And(Eq("email_key", key), scopeOf(e.c, scope)), Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, e.notFound()
	}
	return found[0], nil
}
