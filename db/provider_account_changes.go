package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
)

// boundAccount returns the account that an identity belongs to; ok is false if it belongs to none.
func (d *DB) boundAccount(ctx context.Context, id store.ID) (_ auth.AudienceKey, ok bool, err error) {
	found, err := entity.Find[ProviderAccount](ctx, d.store, ProviderAccounts.Collection, store.Query{Where: store.Eq("_id", id), Limit: 1})
	if err != nil || len(found) == 0 {
		return "", false, err
	}
	return found[0].Account, true, nil
}

// bind lets an identity log in to an account. It is a CONFLICT if that belongs to somebody else at the provider, or the identity to
// another account.
func (d *DB) bind(ctx context.Context, holder account, issuer, subject string) error {
	id := providerAccountID(holder.kind(), issuer, subject)
	err := d.store.Insert(ctx, ProviderAccounts.Collection, &ProviderAccount{
		ID: id, Account: holder.key(), Issuer: issuer, Subject: subject, CreatedAt: d.now(),
	})
	if store.CodeOf(err) != store.Conflict {
		return err
	}
	if account, ok, again := d.boundAccount(ctx, id); again != nil || ok && account == holder.key() {
		return again // the same person was quicker in another tab
	}
	return err
}

// isBoundAt reports whether an account belongs to somebody at a provider.
func (d *DB) isBoundAt(ctx context.Context, account auth.AudienceKey, issuer string) (bool, error) {
	n, err := d.store.Count(ctx, ProviderAccounts.Collection, store.And(store.Eq("account", string(account)), store.Eq("issuer", issuer)))
	return n > 0, err
}

// unbind ends log-ins to an account with providers, those that match.
func (d *DB) unbind(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID, where store.Filter) error {
	own := store.Eq("account", kind.GlobalID(id))
	removed, err := d.purge(ctx, ProviderAccounts.Collection, store.And(own, where))
	if err != nil || removed == 0 {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	d.record(ctx, scope, SecurityProviderUnlinked, kind, id)
	left, err := d.store.Count(ctx, ProviderAccounts.Collection, own)
	if err != nil || left > 0 {
		return err
	}
	_, err = d.updateAccount(ctx, auth.SystemScope(), kind, id, func(next account) error {
		*next.providerSince() = nil
		return nil
	})
	return ignoreNotFound(err)
}

// unbindSince is unbind for what was bound at that time or later.
func (d *DB) unbindSince(ctx context.Context, kind entity.Kind, id store.ID, since time.Time) error {
	return d.unbind(ctx, auth.SystemScope(), kind, id, store.Compare(store.OpGte, "created_at", since))
}

// UnlinkProviders ends log-ins to an account with providers, so that another person at them can be linked; only an admin may. The last
// admin who can log in keeps a way to.
func (d *DB) UnlinkProviders(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) error {
	if !scope.SeesAll() {
		return store.Errorf(store.Forbidden, "only an admin may unlink providers")
	}
	found, err := d.account(ctx, kind, id)
	if err != nil {
		return err
	}
	if found.role() == auth.Admin && *found.hash() == "" {
		if err := d.notLastAdmin(ctx, id); err != nil {
			return err
		}
	}
	return d.unbind(ctx, scope, kind, id, store.And())
}

// providerSince points to since when somebody logs in to the account with a provider.
func (a account) providerSince() **time.Time {
	if a.user != nil {
		return &a.user.ProviderSince
	}
	return &a.customer.ProviderSince
}

// credentials returns a digest of what lets the account's holder log in. It changes with the password, and when providers are unlinked.
func (a account) credentials() string {
	since := ""
	if at := *a.providerSince(); at != nil {
		since = at.String()
	}
	return hashSecret(*a.hash() + "\n" + since)
}

// sameLetters reports whether two addresses differ at most in the case of Latin letters. Somebody gets an account only then: addresses
// that are written with different characters can count as equal, too.
func sameLetters(a, b string) bool { return lowerLetters(a) == lowerLetters(b) }

func lowerLetters(text string) string {
	folded := []byte(address.Canonical(text))
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}
