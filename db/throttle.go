package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Wrong passwords: how many are allowed within the window, for one account and from one network address.
const (
	attemptWindow         = 15 * time.Minute
	maxAttemptsPerAccount = 10
	maxAttemptsPerAddress = 100
)

// attempt is a try to log in that is under way. It counts as failed until it is known to have succeeded, so that many
// tries at once can't slip past the limit together.
type attempt struct {
	d       *DB
	account *LoginAttempt
	address *LoginAttempt
}

// beginAttempt notes a try to log in as an account from a network address; it is RATE_LIMITED if there were too many.
func (d *DB) beginAttempt(ctx context.Context, account, address string) (*attempt, error) {
	a := &attempt{
		d:       d,
		account: &LoginAttempt{ID: store.NewID(), Key: "account:" + account, At: d.now()},
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

// addressKey is what tries from a network address are counted under.
func addressKey(address string) string {
	if network := auth.Network(address); network.IsValid() && !network.IsSingleIP() {
		address = network.String()
	}
	return "address:" + address
}

func (a *attempt) begin(ctx context.Context, try *LoginAttempt, limit int) error {
	if err := a.d.store.Insert(ctx, LoginAttempts.Collection, try); err != nil {
		return fmt.Errorf("cannot note log-in attempt: %w", err)
	}
	recent, err := entity.Find[LoginAttempt](ctx, a.d.store, LoginAttempts.Collection, store.Query{
		Where: store.And(store.Eq("key", try.Key), store.Compare(store.OpGt, "at", try.At.Add(-attemptWindow))),
		Sort:  []store.Sort{{Field: "at", Desc: true}, {Field: "_id", Desc: true}}, Limit: limit + 1,
	})
	if err != nil || len(recent) <= limit {
		return err
	}
	// One more is allowed when the limit-th newest of the others has left the window. A refused try doesn't count:
	// it tried no password, and counting it would leave the owner no gap while a stranger goes on trying.
	wait := min(recent[limit].At.Add(attemptWindow).Sub(try.At), attemptWindow)
	if err := a.forget(ctx, store.Eq("_id", try.ID)); err != nil {
		return err
	}
	limited := store.Errorf(store.RateLimited, "too many wrong passwords; try again in %s", wait.Round(time.Second))
	limited.RetryAfter = wait
	return limited
}

// succeed takes the try back, and all earlier ones of the account.
func (a *attempt) succeed(ctx context.Context) error {
	return a.forget(ctx, store.Or(store.Eq("key", a.account.Key), store.Eq("_id", a.address.ID)))
}

func (a *attempt) forget(ctx context.Context, where store.Filter) error {
	return a.d.purge(ctx, LoginAttempts.Collection, where)
}
