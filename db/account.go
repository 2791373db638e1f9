package db

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// account is a user or a customer: one of the two is nil.
type account struct {
	user     *User
	customer *Customer
}

// account returns the account with that kind and id.
func (d *DB) account(ctx context.Context, kind entity.Kind, id store.ID) (account, error) {
	if kind == KindUser {
		user, err := d.Users.Get(ctx, auth.SystemScope(), id)
		return account{user: user}, err
	}
	customer, err := d.Customers.Get(ctx, auth.SystemScope(), id)
	return account{customer: customer}, err
}

// accountOf returns the account with that key.
func (d *DB) accountOf(ctx context.Context, key auth.AudienceKey) (account, error) {
	kind, id, err := ParseGlobalID(string(key))
	if err != nil {
		return account{}, fmt.Errorf("cannot look up account %q: %w", key, err)
	}
	return d.account(ctx, kind, id)
}

// ownAccount returns the account of a viewer who is logged in.
func (d *DB) ownAccount(ctx context.Context, viewer auth.Viewer) (account, error) {
	if viewer.Role.IsStaff() {
		return d.account(ctx, KindUser, viewer.Account)
	}
	return d.account(ctx, KindCustomer, viewer.Account)
}

// accountByEmail returns the account of that kind with that address; it is NOT_FOUND if there is none.
func (d *DB) accountByEmail(ctx context.Context, kind entity.Kind, email string) (account, error) {
	if kind == KindUser {
		user, err := ByEmail(ctx, d.Users, auth.SystemScope(), email)
		return account{user: user}, err
	}
	customer, err := ByEmail(ctx, d.Customers, auth.SystemScope(), email)
	return account{customer: customer}, err
}

// updateAccount changes an account of either kind; see entity.Repository.Update.
func (d *DB) updateAccount(
	ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID, edit func(next account) error,
) (changed account, err error) {
	if kind == KindUser {
		changed.user, err = d.users.Update(ctx, scope, id, nil, func(next *User) (string, error) {
			return entity.Updated, edit(account{user: next})
		})
		return changed, err
	}
	changed.customer, err = d.customers.Update(ctx, scope, id, nil, func(next *Customer) (string, error) {
		return entity.Updated, edit(account{customer: next})
	})
	return changed, err
}

func (a account) kind() entity.Kind {
	if a.user != nil {
		return KindUser
	}
	return KindCustomer
}

func (a account) id() store.ID {
	if a.user != nil {
		return a.user.ID
	}
	return a.customer.ID
}

func (a account) role() auth.Role {
	if a.user != nil {
		return a.user.Role
	}
	return auth.Customer
}

// key returns the key of the account.
func (a account) key() auth.AudienceKey { return auth.AccountKey(a.role(), a.id()) }

func (a account) mayLogIn() bool {
	if a.user != nil {
		return a.user.mayLogIn()
	}
	return a.customer.mayLogIn()
}

func (a account) email() string {
	if a.user != nil {
		return a.user.Email
	}
	return a.customer.Email
}

// hash points to the hash of the account's password.
func (a account) hash() *string {
	if a.user != nil {
		return &a.user.PasswordHash
	}
	return &a.customer.PasswordHash
}

// invitedAt points to when the account was invited.
func (a account) invitedAt() **time.Time {
	if a.user != nil {
		return &a.user.InvitedAt
	}
	return &a.customer.InvitedAt
}

// unverifiedSince points to since when the account's holder has yet to prove the address.
func (a account) unverifiedSince() **time.Time {
	if a.user != nil {
		return &a.user.UnverifiedSince
	}
	return &a.customer.UnverifiedSince
}

// setEmail changes the address. Without its old key, which may have a suffix, the account claims the address, even if that is
// unchanged.
func (a account) setEmail(email string) {
	if a.user != nil {
		a.user.Email, a.user.emailKey = email, ""
		return
	}
	a.customer.Email, a.customer.emailKey = email, ""
}

// scope returns what the account may see and do when it has proven its address.
func (a account) scope() auth.Scope { return auth.Scope{Role: a.role(), Account: a.id()} }

// name points to the name of the account's holder.
func (a account) name() *string {
	if a.user != nil {
		return &a.user.Name
	}
	return &a.customer.Name
}

// holds reports whether the account may use a link: it may log in, and still has the address that it had when the link was made.
// A link that undoes a change of address works whatever the address is by then, because a thief could change it again and again.
func (a account) holds(link *AccountLink) bool {
	return a.mayLogIn() && (link.Action == LinkUndoEmailChange || SameAddress(a.email(), cmp.Or(link.AccountEmail, link.Email)))
}
