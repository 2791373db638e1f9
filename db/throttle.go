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

// limit is how often something may happen within a time.
type limit struct {
	window time.Duration
	most   int
	// message says what there is too much of.
	message string
}

// attemptLimits are the limits of wrong answers to one question. An attempt has to stay within all of those that apply to it. Each list
// begins with the shortest window.
type attemptLimits struct {
	// network is for all attempts from one network, to whichever accounts, and pair for those from one network to one account.
	network, pair []limit
	// strangers is for attempts on one account from all the networks that it hasn't logged in from, counted together. Attempts from its
	// own networks don't count here and aren't limited by this, so that nobody can lock an owner out from elsewhere.
	strangers []limit
}

// passwordLimits are the limits of wrong passwords. docs/accounts.md says what they add up to.
var passwordLimits = attemptLimits{
	network:   []limit{{15 * time.Minute, 100, wrongPasswords}, {day, 1000, wrongPasswords}},
	pair:      []limit{{15 * time.Minute, 10, wrongPasswords}, {day, 50, wrongPasswords}},
	strangers: []limit{{time.Hour, 30, wrongPasswords}, {day, 100, wrongPasswords}},
}

const wrongPasswords = "too many wrong passwords"

// The limits of mail that anybody can ask for, to one address and from one network address.
var (
	mailPerAddress = limit{time.Hour, 3, "too many messages to this address"}
	mailPerNetwork = limit{time.Hour, 100, "too many messages"}
)

// longestWindow is how long attempts are kept.
const longestWindow = day

// attempt is a log-in in progress. It counts as failed until it has succeeded, so that many concurrent attempts can't
// exceed the limit.
type attempt struct {
	d   *DB
	try *LoginAttempt
}

// attempted names what is attempted: what wrong answers to one question about one account are counted by.
type attempted string

// beginAttempt records an attempt from a network address; it is RATE_LIMITED if there were too many. owner is the account's key, which
// is empty if there is no such account.
func (d *DB) beginAttempt(ctx context.Context, limits attemptLimits, of attempted, owner auth.AudienceKey, address string) (*attempt, error) {
	network := networkOf(address)
	familiar, err := d.isFamiliar(ctx, owner, network)
	if err != nil {
		return nil, err
	}
	try := &LoginAttempt{ID: store.NewID(), Key: of.key(), Network: network, Familiar: familiar, At: d.now()}
	if err := d.store.Insert(ctx, LoginAttempts.Collection, try); err != nil {
		return nil, fmt.Errorf("cannot record attempt: %w", err)
	}
	byKey, byNetwork := store.Eq("key", try.Key), store.Eq("network", try.Network)
	if err := d.within(ctx, try, byNetwork, limits.network); err != nil {
		return nil, err
	}
	err = d.within(ctx, try, store.And(byKey, byNetwork), limits.pair)
	if err == nil && !familiar {
		err = d.within(ctx, try, store.And(byKey, store.Eq("familiar", false)), limits.strangers)
	}
	if store.CodeOf(err) == store.RateLimited {
		return nil, errors.Join(err, d.tellOfAttempts(ctx, of, owner))
	}
	if err != nil {
		return nil, err
	}
	return &attempt{d: d, try: try}, nil
}

// logInOf names the log-in to the account of a kind with an address; there may be none.
func logInOf(kind entity.Kind, email string) attempted {
	return attempted(string(kind) + ":" + AddressKey(email))
}

// logInTo names the log-in to an account. Whoever enters its password elsewhere attempts the same. An account without an address has
// none to share with others who have none either.
func logInTo(owner account) attempted {
	if AddressKey(owner.email()) == "" {
		return attempted(owner.key())
	}
	return logInOf(owner.kind(), owner.email())
}

// key returns the rate-limit key.
func (a attempted) key() string { return "account:" + string(a) }

// addressKey returns the rate-limit key of a network address.
func addressKey(address string) string { return "address:" + networkOf(address) }

// networkOf names the network that a network address belongs to: the address itself, or a /64 of IPv6.
func networkOf(address string) string {
	if network := auth.Network(address); network.IsValid() && !network.IsSingleIP() {
		return network.String()
	}
	return address
}

// begin records an attempt that is counted by its key alone, unless there were too many: then it is RATE_LIMITED.
func (d *DB) begin(ctx context.Context, try *LoginAttempt, most limit) error {
	if err := d.store.Insert(ctx, LoginAttempts.Collection, try); err != nil {
		return fmt.Errorf("cannot record attempt: %w", err)
	}
	return d.within(ctx, try, store.Eq("key", try.Key), []limit{most})
}

// within is RATE_LIMITED if a recorded attempt, together with the earlier ones that match, exceeds a limit. Then it is removed: a
// refused attempt doesn't count, since it tried nothing, and counting it would lock the owner out while an attacker keeps trying.
// Attempts of much later than now don't count either: the clock was wrong then, and the owner would be locked out until that time.
func (d *DB) within(ctx context.Context, try *LoginAttempt, where store.Filter, limits []limit) error {
	widest := limits[len(limits)-1]
	attempts, err := entity.Find[LoginAttempt](ctx, d.store, LoginAttempts.Collection, store.Query{
		Where: store.And(where, store.Compare(store.OpGt, "at", try.At.Add(-widest.window)),
			store.Compare(store.OpLte, "at", try.At.Add(limits[0].window))),
		Sort: []store.Sort{{Field: "at", Desc: true}, {Field: "_id", Desc: true}}, Limit: widest.most + 1, Fields: LoginAttempts.Select("at"),
	})
	if err != nil {
		return err
	}
	for _, limit := range limits {
		// Another attempt is allowed when the limit-th newest of the others has left the window.
		if len(attempts) <= limit.most || !attempts[limit.most].At.After(try.At.Add(-limit.window)) {
			continue
		}
		wait := min(attempts[limit.most].At.Add(limit.window).Sub(try.At), limit.window)
		if err := d.forget(ctx, store.Eq("_id", try.ID)); err != nil {
			return err
		}
		limited := store.Errorf(store.RateLimited, "%s; try again in %s", limit.message, wait.Round(time.Second))
		limited.RetryAfter = wait
		return limited
	}
	return nil
}

// beginMail records that somebody asks for mail to an address of a kind of accounts, from a network address. It is RATE_LIMITED
// if there was too much, whether or not there is an account.
func (d *DB) beginMail(ctx context.Context, kind entity.Kind, email, address string) error {
	now := d.now()
	to := &LoginAttempt{ID: store.NewID(), Key: "mail:" + string(logInOf(kind, email)), At: now}
	if err := d.begin(ctx, to, mailPerAddress); err != nil {
		return err
	}
	from := &LoginAttempt{ID: store.NewID(), Key: "mail:" + addressKey(address), At: now}
	if err := d.begin(ctx, from, mailPerNetwork); err != nil {
		return errors.Join(err, d.forget(ctx, store.Eq("_id", to.ID)))
	}
	return nil
}

// succeed removes the attempt, and all earlier ones of the account from the same network. Those from elsewhere stay: they aren't the
// owner's.
func (a *attempt) succeed(ctx context.Context) error {
	return a.d.forget(ctx, store.And(store.Eq("key", a.try.Key), store.Eq("network", a.try.Network)))
}

// forgetAttempts makes the wrong passwords of an account no longer count.
func (d *DB) forgetAttempts(ctx context.Context, kind entity.Kind, id store.ID) error {
	owner, err := d.account(ctx, kind, id)
	if err != nil {
		return err
	}
	return d.forget(ctx, store.Eq("key", logInTo(owner).key()))
}

func (d *DB) forget(ctx context.Context, where store.Filter) error {
	_, err := d.purge(ctx, LoginAttempts.Collection, where)
	return err
}
