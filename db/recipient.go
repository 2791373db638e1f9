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

// Recipient is an account that messages are sent to.
type Recipient struct {
	Name, Email string
	// Deactivated accounts get no messages.
	Deactivated bool
	// Deleted says that only the account's tombstone is left. It gets messages about deletions only.
	Deleted bool
}

// Recipients returns the current state of the accounts with these keys, by key. Accounts without a tombstone that are
// deleted are missing.
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

// addDeleted adds the accounts that have a tombstone.
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
