package db

import (
	"context"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// KnownNetwork is a network that an account has logged in from. Wrong passwords from elsewhere don't keep the owner out there.
type KnownNetwork struct {
	ID      store.ID         `db:"_id"`
	Account auth.AudienceKey `db:"account"`
	// UsedAt is when the account last logged in there, to within knownNetworkPrecision.
	UsedAt time.Time `db:"used_at"`
}

// KnownNetworks declares the networks that accounts have logged in from.
var KnownNetworks = entity.Declare(entity.Declaration[KnownNetwork]{
	Name: "known_networks", Noun: "network",
	Volatile: true,
	Indexes: []store.Index{
		{Name: "known_networks_account_used", Keys: []store.Key{{Field: "account"}, {Field: "used_at"}, {Field: "_id"}}},
		{Name: "known_networks_used", Keys: []store.Key{{Field: "used_at"}}},
	},
})

const (
	// maxKnownNetworks is how many networks of an account are known: those of its latest log-ins.
	maxKnownNetworks = 20
	// knownNetworkLife is how long after the last log-in a network is known.
	knownNetworkLife      = 90 * 24 * time.Hour
	knownNetworkPrecision = 24 * time.Hour
)

// knownNetworkID returns the id of the record that an account has logged in from a network.
func knownNetworkID(account auth.AudienceKey, network string) store.ID {
	return store.DerivedID("known network", string(account), network)
}

// isFamiliar reports whether an account has logged in from a network before. The account may be empty: then the answer takes as
// long.
func (d *DB) isFamiliar(ctx context.Context, account auth.AudienceKey, network string) (bool, error) {
	known, err := d.knownNetwork(ctx, knownNetworkID(account, network))
	if err != nil {
		return false, err
	}
	return d.now().Sub(known.UsedAt) < knownNetworkLife, nil
}

// knownNetwork returns the record with that id; it is empty if there is none.
func (d *DB) knownNetwork(ctx context.Context, id store.ID) (*KnownNetwork, error) {
	known, err := entity.Find[KnownNetwork](ctx, d.store, KnownNetworks.Collection, store.Query{Where: store.Eq("_id", id), Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return &KnownNetwork{}, nil
	}
	return known[0], nil
}

// rememberNetwork records that an account has logged in from a network.
func (d *DB) rememberNetwork(ctx context.Context, account auth.AudienceKey, network string) error {
	id, now := knownNetworkID(account, network), d.now()
	known, err := d.knownNetwork(ctx, id)
	if err != nil || now.Sub(known.UsedAt).Abs() < knownNetworkPrecision {
		return err
	}
	if !known.UsedAt.IsZero() {
		err := d.store.Update(ctx, KnownNetworks.Collection, id, store.And(), []store.Assignment{{Field: "used_at", Value: now}})
		return ignoreNotFound(err)
	}
	err = d.store.Insert(ctx, KnownNetworks.Collection, &KnownNetwork{ID: id, Account: account, UsedAt: now})
	if err != nil {
		return exceptCode(err, store.Conflict) // another log-in from there was quicker
	}
	return d.forgetOldNetworks(ctx, account)
}

// forgetOldNetworks keeps the networks of an account's latest log-ins.
func (d *DB) forgetOldNetworks(ctx context.Context, account auth.AudienceKey) error {
	latest, err := entity.Find[KnownNetwork](ctx, d.store, KnownNetworks.Collection, store.Query{
		Where: store.Eq("account", string(account)), Sort: []store.Sort{{Field: "used_at", Desc: true}, {Field: "_id", Desc: true}},
		Limit: maxKnownNetworks + 1,
	})
	if err != nil || len(latest) <= maxKnownNetworks {
		return err
	}
	where := store.And(store.Eq("account", string(account)), store.Compare(store.OpLte, "used_at", latest[maxKnownNetworks].UsedAt))
	if _, err := d.purge(ctx, KnownNetworks.Collection, where); err != nil {
		return fmt.Errorf("cannot forget former networks: %w", err)
	}
	return nil
}
