package db

import (
	"context"

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
	_, err := d.purge(ctx, SecurityEvents.Collection, store.And(store.Eq("account_id", id), store.Eq("staff", kind == KindUser)))
	return err
}
