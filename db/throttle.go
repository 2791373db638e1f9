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

// limit is how often something may happen within a time.
type limit struct {
	window time.Duration
	most   int
	// message says what there is too much of.
	message string
}

// The limits of wrong passwords, for one account and from one network address.
var (
	attemptsPerAccount = limit{15 * time.Minute, 10, "too many wrong passwords"}
	attemptsPerNetwork = limit{15 * time.Minute, 100, "too many wrong passwords"}
)

// The limits of mail that anybody can ask for, to one address and from one network address.
var (
	mailPerAddress = limit{time.Hour, 3, "too many messages to this address"}
	mailPerNetwork = limit{time.Hour, 100, "too many messages"}
)

// longestWindow is how long attempts are kept.
const longestWindow = time.Hour

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
	if err := d.begin(ctx, a.account, attemptsPerAccount); err != nil {
		return nil, err
	}
	if err := d.begin(ctx, a.address, attemptsPerNetwork); err != nil {
		return nil, errors.Join(err, d.forget(ctx, store.Eq("_id", a.account.ID)))
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
func addressKey(address string) string { return "address:" + networkOf(address) }

// networkOf names the network that a network address belongs to: the address itself, or a /64 of IPv6.
func networkOf(address string) string {
	if network := auth.Network(address); network.IsValid() && !network.IsSingleIP() {
		return network.String()
	}
	return address
}

// begin records an attempt, unless there were too many: then it is RATE_LIMITED.
func (d *DB) begin(ctx context.Context, try *LoginAttempt, limit limit) error {
	if err := d.store.Insert(ctx, LoginAttempts.Collection, try); err != nil {
		return fmt.Errorf("cannot record attempt: %w", err)
	}
	attempts, err := entity.Find[LoginAttempt](ctx, d.store, LoginAttempts.Collection, store.Query{
		Where: store.And(store.Eq("key", try.Key), store.Compare(store.OpGt, "at", try.At.Add(-limit.window))),
		Sort:  []store.Sort{{Field: "at", Desc: true}, {Field: "_id", Desc: true}}, Limit: limit.most + 1,
	})
	if err != nil || len(attempts) <= limit.most {
		return err
	}
	// Another attempt is allowed when the limit-th newest of the others has left the window. A refused attempt doesn't
	// count: it tried nothing, and counting it would lock the owner out while an attacker keeps trying.
	wait := min(attempts[limit.most].At.Add(limit.window).Sub(try.At), limit.window)
	if err := d.forget(ctx, store.Eq("_id", try.ID)); err != nil {
		return err
	}
	limited := store.Errorf(store.RateLimited, "%s; try again in %s", limit.message, wait.Round(time.Second))
	limited.RetryAfter = wait
	return limited
}

// beginMail records that somebody asks for mail to an address of a kind of accounts, from a network address. It is RATE_LIMITED
// if there was too much, whether or not there is an account.
func (d *DB) beginMail(ctx context.Context, kind entity.Kind, email, address string) error {
	now := d.now()
	to := &LoginAttempt{ID: store.NewID(), Key: "mail:" + logInOf(kind, email), At: now}
	if err := d.begin(ctx, to, mailPerAddress); err != nil {
		return err
	}
	from := &LoginAttempt{ID: store.NewID(), Key: "mail:" + addressKey(address), At: now}
	if err := d.begin(ctx, from, mailPerNetwork); err != nil {
		return errors.Join(err, d.forget(ctx, store.Eq("_id", to.ID)))
	}
	return nil
}

// succeed removes the attempt, and all earlier ones of the account.
func (a *attempt) succeed(ctx context.Context) error {
	return a.d.forget(ctx, store.Or(store.Eq("key", a.account.Key), store.Eq("_id", a.address.ID)))
}

// forgetAttempts makes the failed log-ins to an account no longer count.
func (d *DB) forgetAttempts(ctx context.Context, kind entity.Kind, id store.ID) error {
	owner, err := d.account(ctx, kind, id)
	if err != nil {
		return err
	}
	return d.forget(ctx, store.Eq("key", accountKey(logInOf(kind, owner.email()))))
}

func (d *DB) forget(ctx context.Context, where store.Filter) error {
	_, err := d.purge(ctx, LoginAttempts.Collection, where)
	return err
}
