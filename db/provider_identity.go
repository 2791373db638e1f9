package db

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/auth/oidc"
	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
)

// providerVisit is somebody who has logged in at a provider, and wants to log in to an account of a kind.
type providerVisit struct {
	provider *oidc.Provider
	kind     entity.Kind
	identity *oidc.Identity
	// address is the client's network address.
	address string
}

// errNoAccount doesn't tell whether there is an account.
func errNoAccount() *store.Error {
	return store.Errorf(store.Unauthenticated, "no account can be logged in to with this; ask an administrator")
}

// turnAway logs why somebody isn't logged in, which the client doesn't learn, and returns the error. The owner of the account, if there is
// one, finds it among the security events.
func (d *DB) turnAway(ctx context.Context, visit providerVisit, account store.ID, reason string) error {
	return d.failed(ctx, visit.kind, account, visit.address, wrongAnswer{SecurityLogInFailed, reason, errNoAccount()})
}

// accountFor returns the account of whoever has logged in at a provider: the one that they are bound to or, if there is none and the provider
// has verified their address, the one with that address, or a new one. It is UNAUTHENTICATED if there is none for them.
func (d *DB) accountFor(ctx context.Context, visit providerVisit) (account, error) {
	identity := visit.identity
	if visit.kind == KindUser && identity.MapsRole && identity.Role == "" {
		return account{}, d.turnAway(ctx, visit, store.ID{}, "the provider says that they have no role")
	}
	key, bound, err := d.boundAccount(ctx, providerAccountID(visit.kind, identity.Issuer, identity.Subject))
	if err != nil {
		return account{}, err
	}
	var holder account
	if bound {
		holder, err = d.accountOf(ctx, key)
		if store.CodeOf(err) == store.NotFound {
			err = d.turnAway(ctx, visit, store.ID{}, "the account is being deleted")
		}
	} else {
		holder, err = d.link(ctx, visit)
	}
	if err != nil {
		return account{}, err
	}
	if !holder.mayLogIn() {
		return account{}, d.turnAway(ctx, visit, holder.id(), "the account is deactivated")
	}
	if holder, err = d.confirm(ctx, visit, holder); err != nil {
		return account{}, err
	}
	return d.applyRole(ctx, visit, holder)
}

// link binds an identity that is bound to no account yet to the account with its address, which may be a new one.
func (d *DB) link(ctx context.Context, visit providerVisit) (account, error) {
	if !visit.identity.Verified {
		unverified := wrongAnswer{SecurityLogInFailed, "the provider has not verified the address", store.Errorf(store.Unauthenticated,
			"the provider doesn't say that your e-mail address is verified; verify it there, or ask an administrator")}
		return account{}, d.failed(ctx, visit.kind, store.ID{}, visit.address, unverified)
	}
	email, err := address.Parse(visit.identity.Email)
	if err != nil {
		return account{}, d.turnAway(ctx, visit, store.ID{}, "the provider names no address")
	}
	found, err := d.accountByEmail(ctx, visit.kind, email.String())
	if store.CodeOf(err) == store.NotFound {
		if found, err = d.createFor(ctx, visit, email.String()); err != nil {
			return account{}, err
		}
		if err := d.bindTo(ctx, visit, found); err != nil {
			return account{}, err
		}
		return found, nil
	}
	if err != nil {
		return account{}, err
	}
	isBound, err := d.isBoundAt(ctx, found.key(), visit.identity.Issuer)
	switch {
	case err != nil:
		return account{}, err
	case !found.mayLogIn():
		return account{}, d.turnAway(ctx, visit, found.id(), "the account is deactivated")
	case isBound:
		return account{}, d.turnAway(ctx, visit, found.id(), "the account belongs to somebody else at the provider")
	case !sameLetters(found.email(), email.String()):
		return account{}, d.turnAway(ctx, visit, store.ID{}, "the provider writes the address with other characters")
	}
	if *found.unverifiedSince() != nil {
		if found, err = d.takeOver(ctx, found); err != nil {
			return account{}, err
		}
	}
	// The event is written before, so that no crash keeps the owner from being told, on a document of its own: the binding may go again.
	event, logged := d.mailedEvent(ctx, auth.SystemScope(), SecurityProviderLinked, found.kind(), found.id())
	told := &LoginAttempt{ID: store.NewID(), Key: "told", At: d.now()}
	if err := d.store.Insert(context.WithoutCancel(ctx), LoginAttempts.Collection, told, logged); err != nil {
		return account{}, fmt.Errorf("cannot tell the owner of an account that a provider is linked: %w", err)
	}
	if err := d.bindTo(ctx, visit, found); err != nil {
		return account{}, err
	}
	d.recordMailed(ctx, event)
	return found, nil
}

// bindTo binds an identity to an account.
func (d *DB) bindTo(ctx context.Context, visit providerVisit, holder account) error {
	err := d.bind(context.WithoutCancel(ctx), holder, visit.identity.Issuer, visit.identity.Subject)
	if store.CodeOf(err) == store.Conflict {
		return d.turnAway(ctx, visit, holder.id(), "the account has just been linked to somebody else at the provider")
	}
	return err
}

// takeOver gives an account whose address nobody has proven yet to the person who has: whoever signed up with the address before, or
// changed theirs to it, perhaps was somebody else. So whatever lets them in ends: password, sessions, links, second factor, API keys and
// other providers. The address counts as verified only after that, in confirm, so that nothing is left if the server stops here.
func (d *DB) takeOver(ctx context.Context, squatted account) (account, error) {
	ctx = context.WithoutCancel(ctx)
	kind, id := squatted.kind(), squatted.id()
	if err := d.endAccessSince(ctx, kind, id, time.Unix(0, 0)); err != nil {
		return account{}, err
	}
	nothing := newPassword{edit: func(account) error { return nil }}
	if _, err := d.storePassword(ctx, kind, id, nothing); err != nil {
		return account{}, err
	}
	return d.account(ctx, kind, id)
}

// confirm writes down that the holder of an account logs in with a provider, and has proven the address if that is the provider's.
func (d *DB) confirm(ctx context.Context, visit providerVisit, holder account) (account, error) {
	proves := visit.identity.Verified && sameLetters(holder.email(), visit.identity.Email)
	if *holder.providerSince() != nil && (*holder.unverifiedSince() == nil || !proves) {
		return holder, nil
	}
	now := d.now()
	settled, err := d.updateAccount(ctx, auth.SystemScope(), holder.kind(), holder.id(), func(next account) error {
		*next.providerSince() = cmp.Or(*next.providerSince(), &now)
		*next.invitedAt() = nil
		if SameAddress(next.email(), holder.email()) && proves {
			*next.unverifiedSince() = nil
		}
		return nil
	})
	if err != nil {
		return account{}, err
	}
	d.sessionCache.forgetAccount(holder.id())
	return settled, nil
}

// createFor creates an account for somebody who has none, if the operator wants that. While there is no user, it creates only an admin.
func (d *DB) createFor(ctx context.Context, visit providerVisit, email string) (account, error) {
	if !visit.provider.Create {
		return account{}, d.turnAway(ctx, visit, store.ID{}, "there is no account with the address")
	}
	var problems Problems
	name := problems.line("name", visit.identity.Name)
	if len(problems.Problems) > 0 {
		name = email
	}
	var err error
	var made account
	if visit.kind == KindUser {
		made, err = d.createUserFor(ctx, visit, name, email)
	} else {
		now := d.now()
		made.customer = &Customer{
			ID: store.NewID(), Name: name, Email: email, ProviderSince: &now, CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		err = d.customers.Create(ctx, made.scope(), made.customer)
	}
	if store.CodeOf(err) == store.Conflict { // the same person may have been quicker in another tab
		return account{}, d.turnAway(ctx, visit, store.ID{}, "an account with the address has just been created")
	}
	if err != nil {
		return account{}, err
	}
	return made, nil
}

func (d *DB) createUserFor(ctx context.Context, visit providerVisit, name, email string) (account, error) {
	role := cmp.Or(visit.identity.Role, auth.User)
	exists, err := d.HasUsers(ctx)
	if err != nil {
		return account{}, err
	}
	if !exists && role != auth.Admin {
		return account{}, d.turnAway(ctx, visit, store.ID{}, "there is no admin yet")
	}
	user, problems := d.newUser(store.NewID(), NewUser{Name: name, Email: email, Role: role, Verified: true})
	if len(problems.Problems) > 0 {
		return account{}, d.turnAway(ctx, visit, store.ID{}, "the provider names no address")
	}
	user.ProviderSince = &user.CreatedAt
	if err := d.users.Create(ctx, account{user: user}.scope(), user); err != nil {
		return account{}, err
	}
	return account{user: user}, nil
}

// applyRole gives a user the role that the provider says they have. The last admin stays one.
func (d *DB) applyRole(ctx context.Context, visit providerVisit, holder account) (account, error) {
	role := visit.identity.Role
	if holder.user == nil || !visit.identity.MapsRole || holder.user.Role == role {
		return holder, nil
	}
	user, err := d.UpdateUser(ctx, auth.SystemScope(), holder.id(), nil, UserChanges{Role: &role})
	if store.CodeOf(err) == store.Conflict {
		d.options.Log.WarnContext(ctx, "the role that a provider gives isn't applied", "account", holder.key(), "role", role, "reason", err)
		return d.account(ctx, KindUser, holder.id())
	}
	if err != nil {
		return account{}, err
	}
	return account{user: user}, nil
}
