package db

import (
	"context"
	"errors"
	"time"

	"crm/auth"
	"crm/db/store"
)

// RequestEmailChange changes the address of the viewer's account, which takes its password. If addresses have to be verified, it
// mails a link to the new address, with which ConfirmEmailChange changes it, and returns when that expires; an earlier one becomes
// useless. Whether another account has the address isn't even looked up, so nobody finds out. Otherwise the address changes at once,
// and pending is false.
//
// It is RATE_LIMITED after too many requests for an address or from a network address.
func (d *DB) RequestEmailChange(
	ctx context.Context, viewer auth.Viewer, email, password string,
) (expires time.Time, pending bool, err error) {
	owner, err := d.ownAccount(ctx, viewer)
	if err != nil {
		return time.Time{}, false, err
	}
	var problems Problems
	if email = problems.email(email); SameAddress(email, owner.email()) {
		problems.Add("email", "is the account's address already")
	}
	if err := problems.inInput(); err != nil {
		return time.Time{}, false, err
	}
	question := passwordQuestion{"input.password", "wrong password for a new address"}
	if err := d.checkCurrentPassword(ctx, viewer, owner, question, password); err != nil {
		return time.Time{}, false, err
	}
	if err := d.beginMail(ctx, owner.kind(), email, viewer.Address); err != nil {
		return time.Time{}, false, err
	}
	if !d.options.RequireVerifiedEmail {
		now := d.now()
		return time.Time{}, false, d.changeEmail(ctx, owner, email, &now)
	}
	if err := d.endLinks(ctx, owner.key(), LinkChangeEmail); err != nil {
		return time.Time{}, false, err
	}
	link := &AccountLink{Account: owner.key(), Action: LinkChangeEmail, Email: email, AccountEmail: owner.email()}
	if err := d.sendLink(ctx, owner.scope(), link); err != nil {
		return time.Time{}, false, err
	}
	return link.ExpiresAt, true, nil
}

// ConfirmEmailChange changes the address of the viewer's account with the token of the link that was mailed to the new one. It is a
// CONFLICT, which leaves the token usable, if another account has got the address.
func (d *DB) ConfirmEmailChange(ctx context.Context, viewer auth.Viewer, token string) error {
	link, holder, err := d.ownLink(ctx, viewer, token, LinkChangeEmail)
	if err != nil {
		return err
	}
	if err := d.isFree(ctx, holder, link.Email); err != nil {
		return err
	}
	if err := d.useLink(ctx, link); err != nil {
		return err
	}
	return d.changeEmail(ctx, holder, link.Email, nil)
}

// changeEmail changes the address of an account, as its holder, and mails a link that undoes that to the former one, if that was
// verified: a stranger whose address was entered by mistake must not get the account.
func (d *DB) changeEmail(ctx context.Context, holder account, email string, unverifiedSince *time.Time) error {
	ctx = context.WithoutCancel(ctx)
	former := holder.email()
	undo := &AccountLink{Account: holder.key(), Action: LinkUndoEmailChange, Email: former}
	if *holder.unverifiedSince() == nil && addressIn(&former) != nil {
		// It is written first, so that nobody who makes the server stop here keeps the owner from learning of the change.
		if err := d.sendLink(ctx, holder.scope(), undo); err != nil {
			return err
		}
	}
	_, err := d.updateAccount(ctx, holder.scope(), holder.kind(), holder.id(), func(next account) error {
		if !next.mayLogIn() || next.email() != former {
			return store.Errorf(store.Conflict, "the account's address was changed meanwhile; try again")
		}
		next.setEmail(email)
		*next.unverifiedSince() = unverifiedSince
		*next.invitedAt() = nil // the invitation was for whoever reads the former address
		return nil
	})
	if err != nil {
		_, undone := d.purge(ctx, AccountLinks.Collection, store.Eq("_id", undo.ID))
		return errors.Join(err, undone)
	}
	d.record(ctx, holder.scope(), SecurityEmailChanged, holder.kind(), holder.id())
	d.sessionCache.forgetAccount(holder.id())
	return d.endLinks(ctx, holder.key(), LinkVerifyEmail, LinkChangeEmail, LinkResetPassword, LinkSignUp, LinkAcceptInvitation)
}

// UndoEmailChange gives an account back the address that a mailed token was sent to when it was changed, whichever it has by now, sets
// its password, since somebody else knew the former one, ends its sessions, and removes the second factor and the API keys that it has got
// since. Links that undo later changes become useless, and those that undo earlier ones don't: whoever takes an account over must not
// keep its owner from getting it back by changing the address twice. It is a CONFLICT, which leaves the token usable, if another account
// has got the address.
func (d *DB) UndoEmailChange(ctx context.Context, token, next string) (*PasswordReset, error) {
	link, err := d.openLink(ctx, token, LinkUndoEmailChange)
	if err != nil {
		return nil, err
	}
	done, err := d.resetBy(ctx, link, next, func(next account, _ *Problems) error {
		next.setEmail(link.Email)
		return d.isFree(ctx, next, link.Email)
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	d.record(ctx, auth.SystemScope(), SecurityEmailChanged, done.Kind, done.Account)
	if err := d.endAccessSince(ctx, done.Kind, done.Account, link.CreatedAt); err != nil {
		return nil, err
	}
	later := store.Or(store.Compare(store.OpNe, "action", string(LinkUndoEmailChange)), store.Compare(store.OpGte, "created_at", link.CreatedAt))
	if _, err := d.purge(ctx, AccountLinks.Collection, store.And(store.Eq("account", string(link.Account)), later)); err != nil {
		return nil, err
	}
	return done, nil
}

// isFree is a CONFLICT if another account of the same kind has the address.
func (d *DB) isFree(ctx context.Context, holder account, email string) error {
	found, err := d.accountByEmail(ctx, holder.kind(), email)
	if err != nil {
		return ignoreNotFound(err)
	}
	if found.id() == holder.id() {
		return nil
	}
	return store.FieldError(store.Conflict, "input.token", "is for an address that another account has by now")
}
