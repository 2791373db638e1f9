package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// RequestPasswordReset mails a link to reset the password of the account with that address, and returns when it expires. Whether
// there is such an account, neither the result nor the time that it takes reveals: for another address, too, a link is written,
// which isn't sent. It is RATE_LIMITED after too many requests for an address or from a network address.
func (d *DB) RequestPasswordReset(ctx context.Context, kind entity.Kind, email, address string) (expires time.Time, err error) {
	var problems Problems
	email = problems.email(email)
	if err := problems.inInput(); err != nil {
		return time.Time{}, err
	}
	if err := d.beginMail(ctx, kind, email, address); err != nil {
		return time.Time{}, err
	}
	account, email, err := d.forgetful(ctx, kind, email)
	if err != nil {
		return time.Time{}, err
	}
	link := &AccountLink{Account: account, Action: LinkResetPassword, Email: email}
	if err := d.sendLink(ctx, auth.SystemScope(), link); err != nil {
		return time.Time{}, err
	}
	return link.ExpiresAt, nil
}

// forgetful returns the key of the account with that address that has a password, and its address as the account has it: mail
// must not go to another address that only looks the same, or only counts as the same. The key is empty if there is no account.
func (d *DB) forgetful(ctx context.Context, kind entity.Kind, email string) (auth.AudienceKey, string, error) {
	found, err := d.accountByEmail(ctx, kind, email)
	switch {
	case store.CodeOf(err) == store.NotFound:
		return "", email, nil
	case err != nil:
		return "", "", err
	case !found.mayLogIn() || *found.hash() == "":
		return "", email, nil
	}
	return found.key(), found.email(), nil
}

// PasswordReset is what a reset did.
type PasswordReset struct {
	Kind          entity.Kind
	Account       store.ID
	EndedSessions int
}

// ResetPassword sets the password of the account that a mailed token is for, ends its sessions, and makes all its other links to
// reset the password useless. A token that can't be used is BAD_USER_INPUT; a password that is refused leaves it usable.
func (d *DB) ResetPassword(ctx context.Context, token, next string) (*PasswordReset, error) {
	link, err := d.openLink(ctx, token, LinkResetPassword)
	if err != nil {
		return nil, err
	}
	return d.resetBy(ctx, link, next, chooseNothing)
}

// resetBy sets the password of the account that an open link is for, which ends a lock-out, too; see setPasswordBy.
func (d *DB) resetBy(
	ctx context.Context, link *AccountLink, next string, choose func(next account, problems *Problems) error,
) (*PasswordReset, error) {
	holder, ended, err := d.setPasswordBy(ctx, link, "newPassword", next, choose)
	if err != nil {
		return nil, err
	}
	d.record(ctx, auth.SystemScope(), SecurityPasswordReset, holder.kind(), holder.id())
	if err := d.forgetAttempts(context.WithoutCancel(ctx), holder.kind(), holder.id()); err != nil {
		return nil, err
	}
	return &PasswordReset{Kind: holder.kind(), Account: holder.id(), EndedSessions: ended}, nil
}
