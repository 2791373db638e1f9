package db

import (
	"cmp"
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// InviteUser creates a staff account without a password and mails its holder an invitation; only an admin may. Without a name,
// the address takes its place until the holder chooses one.
func (d *DB) InviteUser(ctx context.Context, scope auth.Scope, change NewUser) (*User, error) {
	if !scope.SeesAll() {
		return nil, store.Errorf(store.Forbidden, "only an admin may invite users")
	}
	change.Name = cmp.Or(change.Name, change.Email)
	user, problems := d.newUser(store.NewID(), change)
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	user.InvitedAt = &user.CreatedAt
	if err := d.users.Create(ctx, scope, user); err != nil {
		return nil, err
	}
	// If the client has gone, or the server is killed here, the user is listed as invited, and can be sent the invitation again.
	if err := d.mailInvitation(context.WithoutCancel(ctx), scope, account{user: user}); err != nil {
		return nil, err
	}
	return user, nil
}

// InviteCustomer mails a customer who has no password, or has yet to verify the address, an invitation, or another one; only staff may.
func (d *DB) InviteCustomer(ctx context.Context, scope auth.Scope, id store.ID) (*Customer, error) {
	invited, err := d.invite(ctx, scope, KindCustomer, id, d.invitable)
	return invited.customer, err
}

// ResendInvitation replaces the invitation of an account by another one, which is valid for as long as if it were the first.
func (d *DB) ResendInvitation(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) error {
	_, err := d.invite(ctx, scope, kind, id, func(a account) error {
		if err := d.invitable(a); err != nil || a.user != nil || *a.invitedAt() != nil {
			return err
		}
		return store.FieldError(store.BadInput, "input.id", "has not been invited")
	})
	return err
}

// invite mails an account an invitation if check agrees. Its earlier ones become useless.
func (d *DB) invite(
	ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID, check func(account) error,
) (invited account, err error) {
	if err := mayInvite(scope, kind); err != nil {
		return account{}, err
	}
	if err := d.mayBeInvited(kind); err != nil {
		return account{}, err
	}
	found, err := d.account(ctx, kind, id)
	if err != nil {
		return account{}, err
	}
	if err := check(found); err != nil {
		return account{}, err
	}
	if err := d.begin(ctx, d.invitationTo(found), mailPerAddress); err != nil {
		return account{}, err
	}
	if err := d.endLinks(ctx, found.key(), LinkAcceptInvitation); err != nil {
		return account{}, err
	}
	invited, err = d.updateAccount(ctx, scope, kind, id, func(next account) error {
		now := d.now()
		err := check(next)
		*next.invitedAt() = &now
		return err
	})
	if err != nil {
		return account{}, err
	}
	if err := d.mailInvitation(context.WithoutCancel(ctx), scope, invited); err != nil {
		return account{}, err
	}
	return invited, nil
}

// invitationTo is the attempt to mail an invitation, which is counted by the account.
func (d *DB) invitationTo(invited account) *LoginAttempt {
	return &LoginAttempt{ID: store.NewID(), Key: "invitation:" + string(invited.key()), At: d.now()}
}

// isRegistered reports whether somebody can log in to the account who need not be invited. A customer who sees nothing yet, because
// the address isn't verified, can be: perhaps a stranger signed up with it.
func (d *DB) isRegistered(a account) bool {
	return (*a.hash() != "" || *a.providerSince() != nil) && (a.user != nil || !d.CustomerScope(a.customer).Unverified)
}

// invitable is BAD_USER_INPUT if the account can't be invited.
func (d *DB) invitable(a account) error {
	email := a.email()
	switch {
	case d.isRegistered(a):
		return store.FieldError(store.BadInput, "input.id", "has a password, and can log in")
	case !a.mayLogIn():
		return store.FieldError(store.BadInput, "input.id", "is deactivated")
	case addressIn(&email) == nil:
		return store.FieldError(store.BadInput, "input.id", "has no e-mail address")
	}
	return nil
}

// inviteAnew makes an account that is invited be invited at another address, at which it isn't yet, or not any more if no invitation can be
// mailed there: nobody waits for one that is useless. Where the address takes the place of the name, so does the other one.
func (d *DB) inviteAnew(next account, email string, now time.Time) {
	if *next.invitedAt() == nil {
		return
	}
	if next.user != nil && SameAddress(next.user.Name, next.user.Email) {
		next.user.Name = email
	}
	*next.invitedAt() = nil
	if addressIn(&email) != nil && next.mayLogIn() && !d.isRegistered(next) && d.mayBeInvited(next.kind()) == nil {
		*next.invitedAt() = &now
	}
}

func (d *DB) mailInvitation(ctx context.Context, scope auth.Scope, invited account) error {
	return d.sendLink(ctx, scope, &AccountLink{Account: invited.key(), Action: LinkAcceptInvitation, Email: invited.email()})
}

// RevokeInvitation makes the invitation of an account useless; whoever may invite it may do so. The account stays, and can be
// invited again. For one that isn't invited it does nothing.
func (d *DB) RevokeInvitation(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) error {
	if err := mayInvite(scope, kind); err != nil {
		return err
	}
	found, err := d.account(ctx, kind, id)
	if err != nil {
		return err
	}
	if err := d.endLinks(ctx, found.key(), LinkAcceptInvitation); err != nil {
		return err
	}
	_, err = d.updateAccount(ctx, scope, kind, id, func(next account) error {
		*next.invitedAt() = nil
		return nil
	})
	return err
}

// mayBeInvited is FORBIDDEN for customers if nobody of them is to get an account.
func (d *DB) mayBeInvited(kind entity.Kind) error {
	if kind == KindUser {
		return nil
	}
	return d.options.CustomerSignup.permit("customers get no accounts here", SignupOpen, SignupVerified, SignupInvited)
}

func mayInvite(scope auth.Scope, kind entity.Kind) error {
	switch {
	case scope.SeesAll(), scope.IsStaff() && kind == KindCustomer:
		return nil
	case scope.IsStaff():
		return store.Errorf(store.Forbidden, "only an admin may invite users")
	}
	return store.Errorf(store.Forbidden, "only staff may invite customers")
}

// AcceptInvitation gives an invited account its password, and a name unless that is nil, and starts a session of it. If somebody else had
// signed up with the address, their second factor is removed. A token that can't be used is BAD_USER_INPUT; a name or a password that is
// refused leaves it usable.
func (d *DB) AcceptInvitation(ctx context.Context, token string, name *string, password string) (*Session, string, error) {
	link, err := d.openLink(ctx, token, LinkAcceptInvitation)
	if err != nil {
		return nil, "", err
	}
	holder, _, err := d.setPasswordBy(ctx, link, "password", password, func(next account, problems *Problems) error {
		if err := d.mayBeInvited(next.kind()); err != nil {
			return err
		}
		if d.isRegistered(next) || *next.invitedAt() == nil {
			return errLink() // it was revoked
		}
		if name != nil {
			*next.name() = problems.line("name", *name)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := d.removeTwoFactor(ctx, auth.SystemScope(), SecurityTwoFactorReset, holder.kind(), holder.id(), factorIsOn()); err != nil {
		return nil, "", err
	}
	return d.StartSession(ctx, holder.id(), holder.user != nil)
}
