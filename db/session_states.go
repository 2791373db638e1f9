package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// sessionStates tells the broker whose sessions have ended.
type sessionStates struct{ db *DB }

// Changes implements live.Sessions.
func (s sessionStates) Changes() int { return s.db.live.ask() }

// Ended implements live.Sessions: three calls to the store for all of the viewers.
func (s sessionStates) Ended(ctx context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error) {
	return s.db.deadSessions(ctx, viewers)
}

// deadSessions returns those of the viewers whose session doesn't live any more, or not with the same role: three calls
// to the store for all of them.
func (d *DB) deadSessions(ctx context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error) {
	if len(viewers) == 0 {
		return nil, nil //nolint:nilnil // a map that is only read
	}
	var sessions, users, customers []store.ID
	for viewer := range viewers {
		sessions = append(sessions, viewer.Session)
		if viewer.Role.IsStaff() {
			users = append(users, viewer.Account)
		} else {
			customers = append(customers, viewer.Account)
		}
	}
	living, err := entity.Find[Session](ctx, d.store, Sessions.Collection, store.Query{
		Where: store.In("_id", sessions), Fields: Sessions.Select("account_id", "expires_at"),
	})
	if err != nil {
		return nil, err
	}
	roles, err := d.rolesOf(ctx, users, customers)
	if err != nil {
		return nil, err
	}
	accounts := make(map[store.ID]store.ID, len(living))
	for _, session := range living {
		if d.now().Before(session.ExpiresAt) {
			accounts[session.ID] = session.Account
		}
	}
	dead := make(map[auth.Viewer]bool)
	for viewer := range viewers {
		account, ok := accounts[viewer.Session]
		if !ok || account != viewer.Account || roles[account] != viewer.Role {
			dead[viewer] = true
		}
	}
	return dead, nil
}

// rolesOf returns the roles of those of the accounts that may log in.
func (d *DB) rolesOf(ctx context.Context, users, customers []store.ID) (map[store.ID]auth.Role, error) {
	roles := make(map[store.ID]auth.Role, len(users)+len(customers))
	if len(users) > 0 {
		found, err := d.Users.Only(Users.Select("role", "deactivated_at", "deleting_at")).ByID(ctx, auth.SystemScope(), users)
		if err != nil {
			return nil, err
		}
		for id, user := range found {
			if user.mayLogIn() {
				roles[id] = user.Role
			}
		}
	}
	if len(customers) > 0 {
		found, err := d.Customers.Only(Customers.Select("deleting_at")).ByID(ctx, auth.SystemScope(), customers)
		if err != nil {
			return nil, err
		}
		for id, customer := range found {
			if customer.mayLogIn() {
				roles[id] = auth.Customer
			}
		}
	}
	return roles, nil
}
