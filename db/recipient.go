package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Recipient is an account that messages are sent to.
type Recipient struct {
	Name, Email string
	// TimeZone is the name of an IANA time zone, empty if it isn't known.
	TimeZone string
	// Deactivated accounts get no messages.
	Deactivated bool
	// NotifySelf says that the account is told of its own changes, too.
	NotifySelf bool
	// Deleted says that only the account's tombstone is left, DeletedAt when the account was deleted; zero while that goes on.
	Deleted   bool
	DeletedAt time.Time
}

// IsToldOf reports whether the account is told of events of that time and type: a deleted one only of what was deleted before it
// or together with it.
func (r Recipient) IsToldOf(event *store.Event) bool {
	return !r.Deactivated && (!r.Deleted || (IsDeletion(event.Type) && (r.DeletedAt.IsZero() || !event.At.After(r.DeletedAt))))
}

// Recipients returns the current state of the accounts with these keys, by key. Accounts without a tombstone that are
// deleted are missing.
func (d *DB) Recipients(ctx context.Context, accounts []auth.AudienceKey) (map[auth.AudienceKey]Recipient, error) {
	found := make(map[auth.AudienceKey]Recipient, len(accounts))
	ids := make(map[entity.Kind][]store.ID)
	missing := make(map[store.ID]auth.AudienceKey)
	for _, account := range accounts {
		kind, id, err := ParseGlobalID(string(account))
		if err != nil {
			return nil, fmt.Errorf("cannot look up recipient %q: %w", account, err)
		}
		ids[kind] = append(ids[kind], id)
		missing[id] = account
	}
	if len(ids[KindUser]) > 0 {
		users, err := d.Users.ByID(ctx, auth.SystemScope(), ids[KindUser])
		if err != nil {
			return nil, err
		}
		for id, user := range users {
			found[auth.AccountKey(auth.User, id)] = user.recipient()
		}
	}
	if len(ids[KindCustomer]) > 0 {
		customers, err := d.Customers.ByID(ctx, auth.SystemScope(), ids[KindCustomer])
		if err != nil {
			return nil, err
		}
		for id, customer := range customers {
			found[auth.AccountKey(auth.Customer, id)] = Recipient{
				Name: customer.Name, Email: customer.Email, TimeZone: valueOf(customer.TimeZone), NotifySelf: true,
			}
		}
	}
	maps.DeleteFunc(missing, func(_ store.ID, account auth.AudienceKey) bool { _, ok := found[account]; return ok })
	return found, d.addDeleted(ctx, missing, found)
}

func (u *User) recipient() Recipient {
	return Recipient{
		Name: u.Name, Email: u.Email, TimeZone: valueOf(u.TimeZone), Deactivated: u.DeactivatedAt != nil, NotifySelf: !u.NotToldOfOwn,
	}
}

// valueOf returns what a pointer leads to, and the zero value for nil.
func valueOf[T any](value *T) T {
	if value == nil {
		return *new(T)
	}
	return *value
}

// ActiveAdmins returns the admins who may log in, the longest-standing first, and adds them to the known accounts.
func (d *DB) ActiveAdmins(ctx context.Context, known map[auth.AudienceKey]Recipient) ([]auth.AudienceKey, error) {
	admins, err := d.users.Find(ctx, store.Query{
		Where: store.And(store.Eq("role", string(auth.Admin)), store.IsNull("deactivated_at")),
		Sort:  []store.Sort{{Field: "created_at"}, {Field: "_id"}},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find the admins: %w", err)
	}
	keys := make([]auth.AudienceKey, len(admins))
	for i, admin := range admins {
		keys[i] = auth.AccountKey(auth.User, admin.ID)
		known[keys[i]] = admin.recipient()
	}
	return keys, nil
}

// addDeleted adds the accounts that have a tombstone.
func (d *DB) addDeleted(ctx context.Context, accounts map[store.ID]auth.AudienceKey, found map[auth.AudienceKey]Recipient) error {
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
		if accounts[t.ID] != t.Account {
			continue
		}
		deleted := Recipient{
			Name: t.Name, Email: t.Email, TimeZone: valueOf(t.TimeZone), Deactivated: t.DeactivatedAt != nil, NotifySelf: true, Deleted: true,
		}
		if deleted.DeletedAt, err = d.deletedAt(ctx, t); err != nil {
			return err
		}
		found[t.Account] = deleted
	}
	return nil
}

// Hides reports whether a delivery goes to a customer from whom its interaction or ticket is hidden by now, because that has
// become internal. A deleted one is hidden from nobody: there is nothing left to become internal.
func (d *DB) Hides(ctx context.Context, delivery *Delivery) (bool, error) {
	if kind, _, err := ParseGlobalID(string(delivery.Account)); err != nil || kind != KindCustomer {
		return false, nil //nolint:nilerr // an account that can't be parsed is reported where it is looked up
	}
	about := []store.ID{delivery.EntityID}
	interactions, err := d.Interactions.ByID(ctx, auth.SystemScope(), about)
	if err != nil {
		return false, err
	}
	if interaction := interactions[delivery.EntityID]; interaction != nil {
		return interaction.Internal, nil
	}
	tickets, err := d.Tickets.ByID(ctx, auth.SystemScope(), about)
	if err != nil {
		return false, err
	}
	ticket := tickets[delivery.EntityID]
	return ticket != nil && ticket.InteractionInternal, nil
}
