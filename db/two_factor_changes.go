package db

import (
	"cmp"
	"context"
	"fmt"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Enroller is the person who sets up a second factor: the viewer, or the holder of a log-in's challenge.
type Enroller struct {
	Viewer    auth.Viewer
	Challenge *string
}

// enroller returns the account of who sets up a second factor.
func (d *DB) enroller(ctx context.Context, by Enroller) (account, error) {
	switch {
	case by.Challenge != nil:
		return d.openChallenge(ctx, *by.Challenge)
	case by.Viewer.Key:
		return account{}, store.Errorf(store.Forbidden, "API keys can't use this; log in")
	case !by.Viewer.LoggedIn():
		return account{}, store.Errorf(store.Unauthenticated, "log in first")
	}
	return d.ownAccount(ctx, by.Viewer)
}

// StartTwoFactor returns a new secret for an account. It is used from when ConfirmTwoFactor gets its first code. A viewer has to enter
// their password, so that a stolen access token isn't enough to keep the owner out.
func (d *DB) StartTwoFactor(ctx context.Context, by Enroller, password *string) (*auth.CodeSecret, error) {
	holder, err := d.enroller(ctx, by)
	if err != nil {
		return nil, err
	}
	factor, err := d.twoFactor(ctx, holder.key())
	if err != nil {
		return nil, err
	}
	if factor.isOn() {
		return nil, errTwoFactorIsOn()
	}
	if by.Challenge == nil {
		if password == nil { // a client that forgot it hasn't guessed
			return nil, store.FieldError(store.BadInput, "input.password", "is required")
		}
		question := passwordQuestion{"input.password", "wrong password for two-factor authentication"}
		if err := d.checkCurrentPassword(ctx, by.Viewer, holder, question, *password); err != nil {
			return nil, err
		}
	}
	secret, err := auth.NewCodeSecret(cmp.Or(d.options.AppName, "CRM"), holder.email())
	if err != nil {
		return nil, err
	}
	sealed := d.factorSecrets.Seal(secret.Text, string(holder.key()))
	next := &TwoFactor{ID: twoFactorID(holder.key()), Account: holder.key(), Secret: sealed, CreatedAt: d.now()}
	if err := d.storeSecret(ctx, next); err != nil {
		return nil, err
	}
	return secret, nil
}

// storeSecret stores a second factor with a new secret. If one was begun before, codes of its secret don't count any more.
func (d *DB) storeSecret(ctx context.Context, next *TwoFactor) error {
	err := d.store.Insert(ctx, TwoFactors.Collection, next)
	if store.CodeOf(err) != store.Conflict {
		return err
	}
	err = d.store.Update(ctx, TwoFactors.Collection, next.ID, store.IsNull("confirmed_at"), []store.Assignment{
		{Field: "secret", Value: next.Secret}, {Field: "created_at", Value: next.CreatedAt},
	})
	if store.CodeOf(err) == store.NotFound {
		return errTwoFactorIsOn()
	}
	return err
}

// Enrolment is what turning on a second factor did.
type Enrolment struct {
	Kind          entity.Kind
	Account       store.ID
	RecoveryCodes []string
	// Session and RefreshToken are those of the log-in whose challenge it was, if it was one.
	Session      *Session
	RefreshToken string
}

// ConfirmTwoFactor turns on the second factor of an account with the first code of its secret, and ends the account's other sessions,
// which may have begun without one. Wrong codes count like those of a log-in.
func (d *DB) ConfirmTwoFactor(ctx context.Context, by Enroller, code string) (*Enrolment, error) {
	holder, err := d.enroller(ctx, by)
	if err != nil {
		return nil, err
	}
	factor, err := d.twoFactor(ctx, holder.key())
	switch {
	case err != nil:
		return nil, err
	case factor.isOn():
		return nil, errTwoFactorIsOn()
	case !factor.isPending(d.now()):
		return nil, store.Errorf(store.Conflict, "two-factor authentication has not been started within the last hour")
	}
	secret, err := d.openSecret(factor)
	if err != nil {
		return nil, err
	}
	step := 0
	err = d.tryCode(ctx, holder, by.Viewer.Address, "is wrong", func() (ok bool, err error) {
		step, ok = auth.CodeStep(secret, plainCode(code), d.now())
		return ok, nil
	})
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes(factor.Account)
	event, logged := d.mailedEvent(ctx, auth.SystemScope(), SecurityTwoFactorEnabled, holder.kind(), holder.id())
	ok, err := d.assignFactor(ctx, factor, store.IsNull("confirmed_at"), []store.Assignment{
		{Field: "confirmed_at", Value: d.now()}, {Field: "last_step", Value: step}, {Field: "recovery_hashes", Value: hashes},
	}, logged)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errTwoFactorIsOn()
	}
	ctx = context.WithoutCancel(ctx)
	d.recordMailed(ctx, event)
	return d.enrolled(ctx, by, holder, codes)
}

// enrolled ends and starts the sessions of an account whose second factor has been turned on.
func (d *DB) enrolled(ctx context.Context, by Enroller, holder account, codes []string) (*Enrolment, error) {
	done := &Enrolment{Kind: holder.kind(), Account: holder.id(), RecoveryCodes: codes}
	keep := store.ID(by.Viewer.Session)
	if by.Challenge != nil {
		keep = store.ID{}
	}
	if _, err := d.EndSessions(ctx, holder.id(), keep); err != nil {
		return nil, err
	}
	if by.Challenge == nil {
		return done, nil
	}
	var err error
	if done.Session, done.RefreshToken, err = d.startSessionOf(ctx, holder); err != nil {
		return nil, err
	}
	return done, nil
}

// DisableTwoFactor turns off the viewer's second factor, which takes one of its codes.
func (d *DB) DisableTwoFactor(ctx context.Context, viewer auth.Viewer, code string) error {
	if d.options.TwoFactor.includes(viewer.Role) {
		return store.Errorf(store.Forbidden, "this account has to use two-factor authentication")
	}
	holder, err := d.ownAccount(ctx, viewer)
	if err != nil {
		return err
	}
	if err := d.checkCode(ctx, holder, code, viewer.Address); err != nil {
		return err
	}
	_, err = d.removeTwoFactor(ctx, viewer.Scope(), SecurityTwoFactorDisabled, holder.kind(), holder.id(), factorIsOn())
	return err
}

// RenewRecoveryCodes replaces the viewer's recovery codes, which takes a code.
func (d *DB) RenewRecoveryCodes(ctx context.Context, viewer auth.Viewer, code string) ([]string, error) {
	holder, err := d.ownAccount(ctx, viewer)
	if err != nil {
		return nil, err
	}
	if err := d.checkCode(ctx, holder, code, viewer.Address); err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes(holder.key())
	set := []store.Assignment{{Field: "recovery_hashes", Value: hashes}}
	if err := d.store.Update(ctx, TwoFactors.Collection, twoFactorID(holder.key()), factorIsOn(), set); err != nil {
		return nil, fmt.Errorf("cannot renew recovery codes: %w", err)
	}
	d.record(ctx, viewer.Scope(), SecurityRecoveryCodesRenewed, holder.kind(), holder.id())
	return codes, nil
}

// ResetTwoFactor removes the second factor of an account whose holder has lost it; only an admin may, and not their own, for which they
// need a code. It reports whether there was one that was on.
func (d *DB) ResetTwoFactor(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) (was bool, err error) {
	switch {
	case !scope.SeesAll():
		return false, store.Errorf(store.Forbidden, "only an admin may reset two-factor authentication")
	case scope.IsAccount(kind == KindUser, id):
		return false, store.Errorf(store.Forbidden, "turn off your own with a code, or let another admin reset it")
	}
	if _, err := d.account(ctx, kind, id); err != nil {
		return false, err
	}
	return d.removeTwoFactor(ctx, scope, SecurityTwoFactorReset, kind, id, factorIsOn())
}

// removeTwoFactor removes the second factor of an account if it matches, and what counts of the wrong codes for it. It reports whether it
// matched.
func (d *DB) removeTwoFactor(
	ctx context.Context, scope auth.Scope, why SecurityEventKind, kind entity.Kind, id store.ID, where store.Filter,
) (was bool, err error) {
	holder := auth.AudienceKey(kind.GlobalID(id))
	event, logged := d.mailedEvent(ctx, scope, why, kind, id)
	// Its document stays, empty, until the account is deleted: a deleted one would keep its id while it holds events, and so the account
	// from setting up another.
	err = d.store.Update(ctx, TwoFactors.Collection, twoFactorID(holder), where, []store.Assignment{
		{Field: "confirmed_at", Value: nil}, {Field: "secret", Value: ""}, {Field: "last_step", Value: 0}, {Field: "recovery_hashes", Value: ""},
	}, logged)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	ctx = context.WithoutCancel(ctx)
	d.recordMailed(ctx, event)
	if err := d.forget(ctx, store.Eq("key", codeOf(holder).key())); err != nil {
		return false, err
	}
	return true, nil
}

// TwoFactorState returns the state of an account's second factor, which its holder and admins may know.
func (d *DB) TwoFactorState(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) (*TwoFactorState, error) {
	holder, err := d.account(ctx, kind, id)
	if err == nil && !scope.SeesAll() && !scope.IsAccount(kind == KindUser, id) {
		err = store.Errorf(store.NotFound, "there is no such %s", catalog.ByKind(kind).Noun)
	}
	if err != nil {
		return nil, err
	}
	state := &TwoFactorState{Required: d.options.TwoFactor.includes(holder.role())}
	factor, err := d.twoFactor(ctx, holder.key())
	if err != nil {
		return nil, err
	}
	if factor.isOn() {
		state.EnabledAt, state.RecoveryCodesLeft = factor.ConfirmedAt, factor.recoveryCodesLeft()
	}
	return state, nil
}

func errTwoFactorIsOn() error {
	return store.Errorf(store.Conflict, "two-factor authentication is on: turn it off first")
}
