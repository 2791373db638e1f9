package db

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Recipient is an account as messages need it.
type Recipient struct {
	Name, Email string
	// Deactivated accounts are told nothing.
	Deactivated bool
	// Deleted says that only the account's tombstone is left. It is told what was deleted with it, and nothing else.
	Deleted bool
}

// Recipients returns the accounts with these keys, as they are now, by their keys. Those that are gone are missing.
func (d *DB) Recipients(ctx context.Context, accounts []auth.Key) (map[auth.Key]Recipient, error) {
	found := make(map[auth.Key]Recipient, len(accounts))
	ids := make(map[auth.Role][]store.ID)
	missing := make(map[store.ID]auth.Key)
	for _, account := range accounts {
		role, id, err := account.Parse()
		if err != nil {
			return nil, fmt.Errorf("cannot look up recipient: %w", err)
		}
		ids[role] = append(ids[role], id)
		missing[id] = account
	}
	if len(ids[auth.User]) > 0 {
		users, err := d.Users.ByID(ctx, auth.SystemScope(), ids[auth.User])
		if err != nil {
			return nil, err
		}
		for id, user := range users {
			found[auth.AccountKey(auth.User, id)] = Recipient{Name: user.Name, Email: user.Email, Deactivated: user.DeactivatedAt != nil}
		}
	}
	if len(ids[auth.Customer]) > 0 {
		customers, err := d.Customers.ByID(ctx, auth.SystemScope(), ids[auth.Customer])
		if err != nil {
			return nil, err
		}
		for id, customer := range customers {
			found[auth.AccountKey(auth.Customer, id)] = Recipient{Name: customer.Name, Email: customer.Email}
		}
	}
	maps.DeleteFunc(missing, func(_ store.ID, account auth.Key) bool { _, ok := found[account]; return ok })
	return found, d.addDeleted(ctx, missing, found)
}

// addDeleted adds those accounts that have left a tombstone.
func (d *DB) addDeleted(ctx context.Context, accounts map[store.ID]auth.Key, found map[auth.Key]Recipient) error {
	if len(accounts) == 0 {
		return nil
	}
	tombstones, err := entity.Find[Tombstone](ctx, d.store, Tombstones.Collection, store.Query{
		Where: store.In("_id", slices.Collect(maps.Keys(accounts))),
	})
	if err != nil {
		return err
	}
	for _, t := range tombstones {
		if accounts[t.ID] == t.Account {
			found[t.Account] = Recipient{Name: t.Name, Email: t.Email, Deactivated: t.DeactivatedAt != nil, Deleted: true}
		}
	}
	return nil
}
