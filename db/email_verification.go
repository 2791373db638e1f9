package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/store"
)

// CustomerScope returns what a customer's account may see and do.
func (d *DB) CustomerScope(c *Customer) auth.Scope {
	return auth.Scope{Role: auth.Customer, Account: c.ID, Unverified: d.options.RequireVerifiedEmail && !c.EmailVerified()}
}

// RequestEmailVerification mails the viewer a link to verify the address of their account, and returns when it expires; ok is false if
// the address is verified already, and nothing is mailed. It is RATE_LIMITED after too many requests.
func (d *DB) RequestEmailVerification(ctx context.Context, viewer auth.Viewer) (expires time.Time, ok bool, err error) {
	owner, err := d.ownAccount(ctx, viewer)
	if err != nil || *owner.unverifiedSince() == nil {
		return time.Time{}, false, err
	}
	// Requests are counted by account, not by address: strangers can ask for mail to the address, too, and use that up.
	try := &LoginAttempt{ID: store.NewID(), Key: "verification:" + string(owner.key()), At: d.now()}
	if err := d.begin(ctx, try, mailPerAddress); err != nil {
		return time.Time{}, false, err
	}
	link := &AccountLink{Account: owner.key(), Action: LinkVerifyEmail, Email: owner.email()}
	if err := d.sendLink(ctx, owner.scope(), link); err != nil {
		return time.Time{}, false, err
	}
	return link.ExpiresAt, true, nil
}

// VerifyEmail verifies the address of the viewer's account with the token of a link that was mailed to it.
func (d *DB) VerifyEmail(ctx context.Context, viewer auth.Viewer, token string) error {
	link, holder, err := d.ownLink(ctx, viewer, token, LinkVerifyEmail)
	if err != nil {
		return err
	}
	if err := d.useLink(ctx, link); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	_, err = d.updateAccount(ctx, holder.scope(), holder.kind(), holder.id(), func(next account) error {
		if !next.holds(link) {
			return errLink() // the address has changed meanwhile
		}
		*next.unverifiedSince() = nil
		return nil
	})
	if err != nil {
		return err
	}
	d.sessionCache.forgetAccount(holder.id())
	return d.endLinks(ctx, holder.key(), LinkVerifyEmail)
}

// enterEmail gives an account an address that somebody other than its holder enters; the holder then has to verify it. It reports whether
// the address is a different one. Its holder changes it with RequestEmailChange; here they can only change how it is written.
func (d *DB) enterEmail(scope auth.Scope, next account, email string, problems *Problems) (entered bool) {
	entered = !SameAddress(email, next.email())
	if entered && scope.IsAccount(next.user != nil, next.id()) {
		problems.Add("email", "can't be changed like this by its holder, only with requestEmailChange")
		return false
	}
	if entered {
		now := d.now()
		*next.unverifiedSince() = &now
		d.inviteAnew(next, email, now)
	}
	next.setEmail(email)
	return entered
}

// afterEntering ends what the holder of an account could do with its former address, and invites them anew, or else asks them to verify
// the one that somebody has entered instead. If the server is killed before, staff can resend the invitation.
func (d *DB) afterEntering(ctx context.Context, scope auth.Scope, changed account) error {
	ctx = context.WithoutCancel(ctx)
	d.sessionCache.forgetAccount(changed.id())
	if err := d.endLinks(ctx, changed.key()); err != nil {
		return err
	}
	if *changed.invitedAt() != nil {
		err := d.begin(ctx, d.invitationTo(changed), mailPerAddress)
		if store.CodeOf(err) == store.RateLimited { // staff can resend it later
			return nil
		}
		if err != nil {
			return err
		}
		return d.mailInvitation(ctx, scope, changed)
	}
	return d.askToVerify(ctx, changed)
}

// askToVerify mails the holder of an account a link to verify the address, if addresses have to be verified, and the holder can log in.
// If the server is killed before, the holder asks for the link.
func (d *DB) askToVerify(ctx context.Context, asked account) error {
	email := asked.email()
	if !d.options.RequireVerifiedEmail || *asked.unverifiedSince() == nil || *asked.hash() == "" || !asked.mayLogIn() || addressIn(&email) == nil {
		return nil
	}
	link := &AccountLink{Account: asked.key(), Action: LinkVerifyEmail, Email: email}
	return d.sendLink(context.WithoutCancel(ctx), auth.SystemScope(), link)
}
