package db

import (
	"context"
	"fmt"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// ChangePassword changes the password of the viewer's account and ends its other sessions, whose number it returns. A
// wrong current password is BAD_USER_INPUT, and counts like a failed log-in.
func (d *DB) ChangePassword(ctx context.Context, viewer auth.Viewer, current, next string) (ended int, err error) {
	owner, err := d.ownAccount(ctx, viewer)
	if err != nil {
		return 0, err
	}
	if err := d.checkPassword(owner, next); err != nil {
		return 0, err
	}
	question := passwordQuestion{"input.currentPassword", "wrong current password"}
	if err := d.checkCurrentPassword(ctx, viewer, owner, question, current); err != nil {
		return 0, err
	}
	ended, err = d.replacePassword(ctx, owner, newPassword{keep: viewer.Session, byHolder: true}, next)
	if err != nil {
		return 0, err
	}
	d.record(ctx, viewer.Scope(), SecurityPasswordChanged, owner.kind(), viewer.Account)
	return ended, nil
}

// passwordQuestion is why a viewer has to enter their password again.
type passwordQuestion struct {
	// path is the password's in the API, and wrong what the log says about a wrong one.
	path, wrong string
}

// checkCurrentPassword is BAD_USER_INPUT if that isn't the password of the viewer's account. It counts like a log-in.
func (d *DB) checkCurrentPassword(ctx context.Context, viewer auth.Viewer, owner account, question passwordQuestion, current string) error {
	kind := owner.kind()
	try, err := d.beginAttempt(ctx, passwordLimits, logInTo(owner), owner.key(), viewer.Address)
	if err != nil {
		return d.refused(ctx, kind, viewer.Account, viewer.Address, err)
	}
	ok, _, err := d.passwords.Verify(ctx, *owner.hash(), current)
	if err != nil {
		return fmt.Errorf("cannot check password: %w", err)
	}
	if !ok {
		wrong := wrongAnswer{SecurityLogInFailed, question.wrong, store.FieldError(store.BadInput, question.path, "is not the password")}
		return d.failed(ctx, kind, viewer.Account, viewer.Address, wrong)
	}
	return try.succeed(ctx)
}

// SetPassword sets an account's password and ends its sessions, whose number it returns; only an admin may. Wrong passwords
// of before no longer count. For a customer who has no address to log in with, it is BAD_USER_INPUT.
func (d *DB) SetPassword(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID, next string) (ended int, err error) {
	if !scope.SeesAll() {
		return 0, store.Errorf(store.Forbidden, "only an admin may set passwords")
	}
	owner, err := d.account(ctx, kind, id)
	if err != nil {
		return 0, err
	}
	if err := d.checkPassword(owner, next); err != nil {
		return 0, err
	}
	ended, err = d.replacePassword(ctx, owner, newPassword{}, next)
	if err != nil {
		return 0, err
	}
	d.record(ctx, scope, SecurityPasswordChanged, kind, id)
	if err := d.forgetAttempts(context.WithoutCancel(ctx), kind, id); err != nil {
		return 0, err
	}
	return ended, nil
}

// checkPassword is BAD_USER_INPUT if an account must not have a password.
func (d *DB) checkPassword(owner account, next string) error {
	var problems Problems
	problems.password(d.passwords, "newPassword", next, *owner.name(), owner.email())
	return problems.inInput()
}

// replacePassword hashes and stores a password of an account; see storePassword.
func (d *DB) replacePassword(ctx context.Context, owner account, change newPassword, password string) (ended int, err error) {
	if change.hash, err = d.passwords.Hash(ctx, password); err != nil {
		return 0, fmt.Errorf("cannot change password: %w", err)
	}
	change.edit = func(next account) error {
		if next.customer != nil && next.customer.Address() == nil {
			return store.FieldError(store.BadInput, "input.id", "is a customer without an e-mail address, who can't log in")
		}
		return nil
	}
	return d.storePassword(ctx, owner.kind(), owner.id(), change)
}

// newPassword is a password to store.
type newPassword struct {
	hash string
	// edit changes the account besides, or refuses the change.
	edit func(next account) error
	// keep is the session that doesn't end; zero for none.
	keep store.ID
	// byHolder says that somebody replaced the password who knew the former one.
	byHolder bool
}

// storePassword stores a password, ends the account's sessions except the one to keep, and makes links useless that were mailed to
// replace the former password, to choose the first one, or to change the address for somebody who knew the former password. If the
// address has to be verified yet, and somebody changes the password who knows it, only the latter end: the others go to the owner of
// the address, who perhaps is somebody else.
func (d *DB) storePassword(ctx context.Context, kind entity.Kind, id store.ID, change newPassword) (ended int, err error) {
	keepsLinks := false
	changed, err := d.updateAccount(ctx, auth.SystemScope(), kind, id, func(next account) error {
		if err := change.edit(next); err != nil {
			return err
		}
		keepsLinks = change.byHolder && d.options.RequireVerifiedEmail && *next.unverifiedSince() != nil
		*next.hash() = change.hash
		if !keepsLinks {
			*next.invitedAt() = nil
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx) // the sessions have to end even if the client has disconnected
	useless := []LinkAction{LinkChangeEmail}
	if !keepsLinks {
		useless = append(useless, LinkResetPassword, LinkAcceptInvitation, LinkSignUp)
	}
	if err := d.endLinks(ctx, changed.key(), useless...); err != nil {
		return 0, err
	}
	return d.EndSessions(ctx, id, change.keep)
}
