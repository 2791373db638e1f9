package db

import (
	"context"
	"fmt"
	"time"
)

// setPasswordBy gives the account that an open link is for the password that its holder chooses, and ends its sessions, whose number
// it returns. Whoever has the link reads the mail of its address, which is verified by that; whoever logged in with a provider before is somebody else. choose applies what the holder chooses
// besides to a copy of the account; it is called once to check it, and again when the account is written. field names the input
// with the password.
//
// A link that can't be used is BAD_USER_INPUT, and so is a wrong choice, which leaves the link usable.
func (d *DB) setPasswordBy(
	ctx context.Context, link *AccountLink, field, password string, choose func(next account, problems *Problems) error,
) (holder account, ended int, err error) {
	edit := func(next account) error {
		if !next.holds(link) {
			return errLink()
		}
		var problems Problems
		if err := choose(next, &problems); err != nil {
			return err
		}
		*next.unverifiedSince() = nil
		problems.password(d.passwords, field, password, *next.name(), next.email())
		return problems.inInput()
	}
	if holder, err = d.holderOf(ctx, link); err != nil {
		return account{}, 0, err
	}
	ofStranger := *holder.unverifiedSince() != nil && link.Action != LinkUndoEmailChange // which is the owner's, and undoes what isn't
	if err := edit(holder); err != nil {
		return account{}, 0, err
	}
	hash, err := d.passwords.Hash(ctx, password)
	if err != nil {
		return account{}, 0, fmt.Errorf("cannot set password: %w", err)
	}
	// The link is used first, so that it can't be used twice. If the server is killed here, the holder asks for another one.
	if err := d.useLink(ctx, link); err != nil {
		return account{}, 0, err
	}
	ctx = context.WithoutCancel(ctx)
	if ended, err = d.storePassword(ctx, holder.kind(), holder.id(), newPassword{hash: hash, edit: edit}); err != nil {
		return account{}, 0, err
	}
	if ofStranger {
		if err := d.unbindSince(ctx, holder.kind(), holder.id(), time.Unix(0, 0)); err != nil {
			return account{}, 0, err
		}
	}
	return holder, ended, nil
}

// chooseNothing is for links whose holder chooses nothing but the password.
func chooseNothing(account, *Problems) error { return nil }
