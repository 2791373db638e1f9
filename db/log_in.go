package db

import (
	"context"
	"errors"
	"fmt"

	"crm/auth"
	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
)

// Credentials are an account's address and password, and the client's network address.
type Credentials struct {
	Email    string
	Password string
	// Address is the client's network address, for counting wrong passwords.
	Address string
}

// LogInUser returns the user with these credentials; it is UNAUTHENTICATED, after the same time, if there is none, and
// RATE_LIMITED after too many wrong passwords.
func (d *DB) LogInUser(ctx context.Context, c Credentials) (*User, error) {
	return logIn(ctx, d, d.users, c, (*User).hash, (*User).mayLogIn)
}

// LogInCustomer is LogInUser for customers.
func (d *DB) LogInCustomer(ctx context.Context, c Credentials) (*Customer, error) {
	return logIn(ctx, d, d.customers, c, (*Customer).hash, (*Customer).mayLogIn)
}

func (u *User) hash() *string     { return &u.PasswordHash }
func (c *Customer) hash() *string { return &c.PasswordHash }

func (u *User) mayLogIn() bool { return u.DeactivatedAt == nil && u.DeletingAt == nil }

func (c *Customer) mayLogIn() bool { return c.DeletingAt == nil }

func logIn[T any](
	ctx context.Context, d *DB, e *entity.Repository[T], c Credentials, hash func(*T) *string, mayLogIn func(*T) bool,
) (*T, error) {
	email, kind := AddressKey(c.Email), e.Definition().Kind
	if len(email) > address.MaxInput {
		return nil, d.refused(ctx, kind, store.ID{}, c.Address, errWrongCredentials())
	}
	found, err := e.Find(ctx, store.Query{Where: store.Eq("email_key", email), Limit: 1})
	if err != nil {
		return nil, err
	}
	stored, account, owner := "", store.ID{}, auth.AudienceKey("")
	if len(found) > 0 {
		account = e.ID(found[0])
		owner = auth.AudienceKey(kind.GlobalID(account))
		if mayLogIn(found[0]) {
			stored = *hash(found[0])
		}
	}
	try, err := d.beginAttempt(ctx, passwordLimits, logInOf(kind, email), owner, c.Address)
	if err != nil {
		return nil, d.refused(ctx, kind, account, c.Address, err)
	}
	ok, outdated, err := d.passwords.Verify(ctx, stored, c.Password)
	if err != nil {
		return nil, fmt.Errorf("cannot log in: %w", err)
	}
	if !ok {
		wrong := errWrongCredentials()
		return nil, d.failed(ctx, kind, account, c.Address, wrongAnswer{SecurityLogInFailed, wrong.Message, wrong})
	}
	if outdated {
		if err := rehash(ctx, d, e, found[0], hash, c.Password); err != nil {
			return nil, err
		}
	}
	if err := try.succeed(ctx); err != nil {
		return nil, err
	}
	return found[0], nil
}

// StartUserSession starts a session of a user who has just logged in; see startSession.
func (d *DB) StartUserSession(ctx context.Context, u *User) (*Session, string, error) {
	return startSession(ctx, d, d.users, u, true, func(now *User) bool {
		return now.mayLogIn() && (now.Version == u.Version || now.PasswordHash == u.PasswordHash)
	})
}

// StartCustomerSession starts a session of a customer who has just logged in; see startSession.
func (d *DB) StartCustomerSession(ctx context.Context, c *Customer) (*Session, string, error) {
	return startSession(ctx, d, d.customers, c, false, func(now *Customer) bool {
		return now.mayLogIn() && (now.Version == c.Version || now.PasswordHash == c.PasswordHash)
	})
}

// startSession starts a session of an account, and ends it if the account has lost the right to log in since it was
// read, because that change could only end the sessions that existed then.
func startSession[T any](
	ctx context.Context, d *DB, e *entity.Repository[T], account *T, staff bool, good func(now *T) bool,
) (*Session, string, error) {
	session, token, err := d.StartSession(ctx, e.ID(account), staff)
	if err != nil {
		return nil, "", err
	}
	now, err := e.Get(ctx, auth.SystemScope(), e.ID(account))
	if err == nil && good(now) {
		return session, token, nil
	}
	if err == nil || store.CodeOf(err) == store.NotFound {
		err = errWrongCredentials()
	}
	return nil, "", errors.Join(err, d.EndSession(ctx, session.ID))
}

// errWrongCredentials doesn't reveal whether the address or the password is wrong.
func errWrongCredentials() *store.Error {
	return store.Errorf(store.Unauthenticated, "wrong address or password")
}

// rehash stores the password's hash at the current cost, unless the password was changed meanwhile. A password that the
// current rules refuse, such as a very long one of the old application, keeps its old hash.
func rehash[T any](ctx context.Context, d *DB, e *entity.Repository[T], account *T, hash func(*T) *string, password string) error {
	if d.passwords.Problem(password) != "" {
		return nil
	}
	fresh, err := d.passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("cannot rehash password: %w", err)
	}
	err = e.Assign(ctx, e.ID(account), store.Eq("password", *hash(account)), []store.Assignment{{Field: "password", Value: fresh}})
	if err != nil && store.CodeOf(err) != store.NotFound {
		return fmt.Errorf("cannot store password: %w", err)
	}
	return nil
}
