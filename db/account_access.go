package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// endAccess ends the sessions and the links of an account that is being deleted, and removes its second factor and what
// its log-ins have left.
func (d *DB) endAccess(ctx context.Context, kind entity.Kind, id store.ID) error {
	key := auth.AudienceKey(kind.GlobalID(id))
	if _, err := d.EndSessions(ctx, id, store.ID{}); err != nil {
		return err
	}
	if err := d.endLinks(ctx, key); err != nil {
		return err
	}
	if _, err := d.purge(ctx, KnownNetworks.Collection, store.Eq("account", string(key))); err != nil {
		return err
	}
	if _, err := d.purge(ctx, TwoFactors.Collection, store.Eq("_id", twoFactorID(key))); err != nil {
		return err
	}
	if _, err := d.purge(ctx, ProviderAccounts.Collection, store.Eq("account", string(key))); err != nil {
		return err
	}
	_, err := d.purge(ctx, SecurityEvents.Collection, store.And(store.Eq("account_id", id), store.Eq("staff", kind == KindUser)))
	return err
}

// endAccessSince removes the second factor of an account, its links to identity providers and its API keys if they came at that time or later: whoever took the account over
// then must not keep its owner out, nor a way in.
func (d *DB) endAccessSince(ctx context.Context, kind entity.Kind, id store.ID, since time.Time) error {
	recent := store.Compare(store.OpGte, "confirmed_at", since)
	if _, err := d.removeTwoFactor(ctx, auth.SystemScope(), SecurityTwoFactorReset, kind, id, recent); err != nil {
		return err
	}
	if err := d.unbindSince(ctx, kind, id, since); err != nil {
		return err
	}
	if kind != KindUser {
		return nil
	}
	where := store.And(store.Eq("user_id", id), store.Compare(store.OpGte, "created_at", since))
	_, err := d.apiKeys.Each(ctx, where, func(key *APIKey) error {
		return exceptCode(d.revoke(ctx, auth.SystemScope(), key), store.Conflict) // somebody else has revoked it meanwhile
	})
	return err
}
