package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// challengeLife is how long after the password the second step of a log-in is possible.
const challengeLife = 5 * time.Minute

// codeLimits are the limits of wrong one-time codes. Whoever tries them knows the password, so they are narrower than those of passwords.
var codeLimits = attemptLimits{
	network:   passwordLimits.network,
	pair:      []limit{{15 * time.Minute, 5, wrongCodes}, {day, 20, wrongCodes}},
	strangers: []limit{{time.Hour, 10, wrongCodes}, {day, 20, wrongCodes}},
}

const wrongCodes = "too many wrong codes"

// Challenge is a log-in whose password was right, and that needs a second step.
type Challenge struct {
	// Token proves the first step. It is sealed, and no session: nothing but the second step accepts it.
	Token     string
	ExpiresAt time.Time
	// MustEnrol says that the account has to have a second factor, and has to set it up first.
	MustEnrol bool
}

// challenge is the content of a Challenge's token.
type challenge struct {
	Account auth.AudienceKey `json:"account"`
	// Password is the account's credentials, so that a new password ends the challenge.
	Password  string    `json:"password"`
	ExpiresAt time.Time `json:"expires"`
}

// challengePurpose and secretPurpose keep apart what is sealed: a secret can't be sent as a challenge.
const (
	challengePurpose = "two-factor challenge"
	secretPurpose    = "two-factor secret"
)

// SecondStepOfUser returns the challenge of a user who has entered the right password. It isn't needed if the password is enough.
func (d *DB) SecondStepOfUser(ctx context.Context, u *User) (_ *Challenge, needed bool, err error) {
	return d.secondStep(ctx, account{user: u})
}

// SecondStepOfCustomer is SecondStepOfUser for customers.
func (d *DB) SecondStepOfCustomer(ctx context.Context, c *Customer) (_ *Challenge, needed bool, err error) {
	return d.secondStep(ctx, account{customer: c})
}

func (d *DB) secondStep(ctx context.Context, holder account) (_ *Challenge, needed bool, err error) {
	factor, err := d.twoFactor(ctx, holder.key())
	if err != nil {
		return nil, false, err
	}
	if !factor.isOn() && !d.options.TwoFactor.includes(holder.role()) {
		return nil, false, nil
	}
	content := challenge{Account: holder.key(), Password: holder.credentials(), ExpiresAt: d.now().Add(challengeLife)}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, false, fmt.Errorf("cannot make a challenge: %w", err)
	}
	return &Challenge{Token: d.challenges.Seal(string(text), challengePurpose), ExpiresAt: content.ExpiresAt, MustEnrol: !factor.isOn()}, true, nil
}

// openChallenge returns the account that a challenge's token was made for. It is BAD_USER_INPUT if that is over.
func (d *DB) openChallenge(ctx context.Context, token string) (account, error) {
	wrong := store.FieldError(store.BadInput, "input.challenge", "is not valid, or has expired: log in again")
	text, ok := d.challenges.Open(token, challengePurpose)
	var content challenge
	if !ok || json.Unmarshal([]byte(text), &content) != nil || !d.now().Before(content.ExpiresAt) {
		return account{}, wrong
	}
	holder, err := d.accountOf(ctx, content.Account)
	if err != nil {
		if store.CodeOf(err) == store.NotFound {
			err = wrong
		}
		return account{}, err
	}
	if !holder.mayLogIn() || !isEqual(holder.credentials(), content.Password) {
		return account{}, wrong
	}
	return holder, nil
}

// CompleteLogIn starts the session of a log-in whose password was right, with a one-time code or a recovery code. Wrong ones are
// BAD_USER_INPUT, and RATE_LIMITED after too many.
func (d *DB) CompleteLogIn(ctx context.Context, token, code, address string) (*Session, string, error) {
	holder, err := d.openChallenge(ctx, token)
	if err != nil {
		return nil, "", err
	}
	if err := d.checkCode(ctx, holder, code, address); err != nil {
		return nil, "", err
	}
	return d.startSessionOf(ctx, holder)
}

// startSessionOf starts a session of an account that has just logged in.
func (d *DB) startSessionOf(ctx context.Context, holder account) (*Session, string, error) {
	if holder.user != nil {
		return d.StartUserSession(ctx, holder.user)
	}
	return d.StartCustomerSession(ctx, holder.customer)
}

// checkCode is BAD_USER_INPUT if a code isn't one of the account's, or was used before. Of many uses at once, in whichever process,
// one succeeds.
func (d *DB) checkCode(ctx context.Context, holder account, code, address string) error {
	factor, err := d.twoFactor(ctx, holder.key())
	if err != nil {
		return err
	}
	if !factor.isOn() {
		return store.Errorf(store.Conflict, "two-factor authentication is off: set it up first")
	}
	return d.tryCode(ctx, holder, address, "is wrong, or was used before", func() (bool, error) {
		return d.useCode(ctx, factor, plainCode(code))
	})
}

// tryCode is BAD_USER_INPUT, with the message, if use reports that a code of the account is wrong, and RATE_LIMITED after too many: then
// use isn't called.
func (d *DB) tryCode(ctx context.Context, holder account, address, message string, use func() (ok bool, err error)) error {
	try, err := d.beginAttempt(ctx, codeLimits, codeOf(holder.key()), holder.key(), address)
	if err != nil {
		return d.refused(ctx, holder.kind(), holder.id(), address, err)
	}
	ok, err := use()
	if err != nil {
		return err
	}
	if !ok {
		wrong := wrongAnswer{SecurityTwoFactorFailed, "wrong code", store.FieldError(store.BadInput, "input.code", "%s", message)}
		return d.failed(ctx, holder.kind(), holder.id(), address, wrong)
	}
	return try.succeed(ctx)
}

// codeOf names the codes of an account, for counting wrong ones.
func codeOf(account auth.AudienceKey) attempted { return attempted("code:" + string(account)) }

// useCode reports whether a code is a one-time code or a recovery code that hasn't been used, and makes it useless.
func (d *DB) useCode(ctx context.Context, factor *TwoFactor, code string) (ok bool, err error) {
	secret, err := d.openSecret(factor)
	if err != nil {
		return false, err
	}
	if step, ok := auth.CodeStep(secret, code, d.now()); ok {
		return d.assignFactor(ctx, factor, store.Compare(store.OpLt, "last_step", step), []store.Assignment{{Field: "last_step", Value: step}})
	}
	return d.useRecoveryCode(ctx, factor, code)
}

func (d *DB) useRecoveryCode(ctx context.Context, factor *TwoFactor, code string) (ok bool, err error) {
	hashes := strings.Fields(factor.RecoveryHashes)
	i := slices.Index(hashes, recoveryHash(factor.Account, code))
	if i < 0 {
		return false, nil
	}
	kind, id, err := ParseGlobalID(string(factor.Account))
	if err != nil {
		return false, err
	}
	event, logged := d.mailedEvent(ctx, auth.SystemScope(), SecurityRecoveryCodeUsed, kind, id)
	left := []store.Assignment{{Field: "recovery_hashes", Value: strings.Join(slices.Delete(hashes, i, i+1), " ")}}
	if ok, err = d.assignFactor(ctx, factor, store.Eq("recovery_hashes", factor.RecoveryHashes), left, logged); ok {
		d.recordMailed(ctx, event)
	}
	return ok, err
}

// assignFactor changes a second factor, with the events, if it still is the same one, and matches; ok is false if not.
func (d *DB) assignFactor(
	ctx context.Context, factor *TwoFactor, where store.Filter, set []store.Assignment, events ...*store.Event,
) (ok bool, err error) {
	err = d.store.Update(ctx, TwoFactors.Collection, factor.ID, store.And(store.Eq("secret", factor.Secret), where), set, events...)
	if store.CodeOf(err) == store.NotFound {
		return false, nil
	}
	return err == nil, err
}

// twoFactor returns the second factor of an account, which may be off; it is empty if there is none.
func (d *DB) twoFactor(ctx context.Context, key auth.AudienceKey) (*TwoFactor, error) {
	found, err := entity.Find[TwoFactor](ctx, d.store, TwoFactors.Collection, store.Query{Where: store.Eq("_id", twoFactorID(key)), Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return &TwoFactor{}, nil
	}
	return found[0], nil
}

func (d *DB) openSecret(factor *TwoFactor) (string, error) {
	secret, ok := d.factorSecrets.Open(factor.Secret, string(factor.Account))
	if !ok {
		return "", fmt.Errorf("cannot read the second factor of %s: it was stored with another SECRET_KEY; crm reset-two-factor removes it", factor.Account)
	}
	return secret, nil
}

// requireTwoFactor ends the session of an account that has to use a second factor and has none, since it began before that was so, or with
// a new account. Then it is UNAUTHENTICATED: the holder logs in, and sets one up.
func (d *DB) requireTwoFactor(ctx context.Context, session *Session) error {
	if !d.options.TwoFactor.includes(auth.Admin) || !session.Staff {
		return nil
	}
	user, err := d.Users.Get(ctx, auth.SystemScope(), session.Account)
	if err != nil || !d.options.TwoFactor.includes(user.Role) {
		return ignoreNotFound(err)
	}
	factor, err := d.twoFactor(ctx, auth.AudienceKey(session.accountID()))
	if err != nil || factor.isOn() {
		return err
	}
	if err := d.EndSession(ctx, session.ID); err != nil {
		return err
	}
	d.record(ctx, auth.SystemScope(), SecuritySessionEnded, KindUser, session.Account)
	return store.Errorf(store.Unauthenticated, "this account has to use two-factor authentication; log in again to set it up")
}
