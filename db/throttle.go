package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/db/textkey"
)

// The numbers of wrong passwords allowed within the window, for one account and from one network address.
const (
	attemptWindow         = 15 * time.Minute
	maxAttemptsPerAccount = 10
	maxAttemptsPerAddress = 100
)

// attempt is a log-in in progress. It counts as failed until it has succeeded, so that many concurrent attempts can't
// exceed the limit.
type attempt struct {
	d       *DB
	account *LoginAttempt
	address *LoginAttempt
}

// beginAttempt records an attempt to log in as an account from a network address; it is RATE_LIMITED if there were too
// many.
func (d *DB) beginAttempt(ctx context.Context, account, address string) (*attempt, error) {
	a := &attempt{
		d:       d,
		account: &LoginAttempt{ID: store.NewID(), Key: accountKey(account), At: d.now()},
		address: &LoginAttempt{ID: store.NewID(), Key: addressKey(address), At: d.now()},
	}
	if err := a.begin(ctx, a.account, maxAttemptsPerAccount); err != nil {
		return nil, err
	}
	if err := a.begin(ctx, a.address, maxAttemptsPerAddress); err != nil {
		return nil, errors.Join(err, a.forget(ctx, store.Eq("_id", a.account.ID)))
	}
	return a, nil
}

// logInOf names the account that somebody tries to log in to; there may be none.
func logInOf(kind entity.Kind, email string) string {
	return string(kind) + ":" + textkey.Address(email)
}

// accountKey returns the rate-limit key of an account.
func accountKey(account string) string { return "account:" + account }

// addressKey returns the rate-limit key of a network address.
func addressKey(address string) string {
	if network := auth.Network(address); network.IsValid() && !network.IsSingleIP() {
		address = network.String()
	}
	return "address:" + address
}

func (a *attempt) begin(ctx context.Context, try *LoginAttempt, limit int) error {
	if err := a.d.store.Insert(ctx, LoginAttempts.Collection, try); err != nil {
		return fmt.Errorf("cannot record log-in attempt: %w", err)
	}
	attempts, err := entity.Find[LoginAttempt](ctx, a.d.store, LoginAttempts.Collection, store.Query{
		Where: store.And(store.Eq("key", try.Key), store.Compare(store.OpGt, "at", try.At.Add(-attemptWindow))),
		Sort:  []store.Sort{{Field: "at", Desc: true}, {Field: "_id", Desc: true}}, Limit: limit + 1,
	})
	if err != nil || len(attempts) <= limit {
		return err
	}
	// Another attempt is allowed when the limit-th newest of the others has left the window. A refused attempt doesn't
	// count: it tried no password, and counting it would lock the owner out while an attacker keeps trying.
	wait := min(attempts[limit].At.Add(attemptWindow).Sub(try.At), attemptWindow)
	if err := a.forget(ctx, store.Eq("_id", try.ID)); err != nil {
		return err
	}
	limited := store.Errorf(store.RateLimited, "too many wrong passwords; try again in %s", wait.Round(time.Second))
	limited.RetryAfter = wait
	return limited
}

// succeed removes the attempt, and all earlier ones of the account.
func (a *attempt) succeed(ctx context.Context) error {
	return a.forget(ctx, store.Or(store.Eq("key", a.account.Key), store.Eq("_id", a.address.ID)))
}

// forgetAttempts makes the failed log-ins to an account no longer count.
func (d *DB) forgetAttempts(ctx context.Context, kind entity.Kind, id store.ID) error {
	var email string
	if kind == KindUser {
		user, err := d.Users.Get(ctx, auth.SystemScope(), id)
		if err != nil {
			return err
		}
		email = user.Email
	} else {
		customer, err := d.Customers.Get(ctx, auth.SystemScope(), id)
		if err != nil {
			return err
		}
		email = customer.Email
	}
	_, err := d.purge(ctx, LoginAttempts.Collection, store.Eq("key", accountKey(logInOf(kind, email))))
	return err
}

func (a *attempt) forget(ctx context.Context, where store.Filter) error {
	_, err := a.d.purge(ctx, LoginAttempts.Collection, where)
	return err
}
