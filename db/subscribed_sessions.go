package db

import (
	"context"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// liveSessions implements live.Sessions.
type liveSessions struct{ db *DB }

// Changes implements live.Sessions.
func (s liveSessions) Changes() int { return s.db.sessionCache.changes() }

// Ended implements live.Sessions with up to four calls to the store for all viewers.
func (s liveSessions) Ended(ctx context.Context, viewers map[auth.Viewer]bool) (map[auth.Viewer]bool, error) {
	if len(viewers) == 0 {
		return map[auth.Viewer]bool{}, nil
	}
	var sessions, keys, users, customers []store.ID
	for viewer := range viewers {
		if viewer.Key {
			keys = append(keys, viewer.Session)
		} else {
			sessions = append(sessions, viewer.Session)
		}
		if viewer.Role.IsStaff() {
			users = append(users, viewer.Account)
		} else {
			customers = append(customers, viewer.Account)
		}
	}
	unended, err := entity.Find[Session](ctx, s.db.store, Sessions.Collection, store.Query{
		Where: store.In("_id", sessions), Fields: Sessions.Select("account_id", "expires_at"),
	})
	if err != nil {
		return nil, err
	}
	unrevoked, err := s.keys(ctx, keys)
	if err != nil {
		return nil, err
	}
	scopes, err := s.db.scopesOf(ctx, users, customers)
	if err != nil {
		return nil, err
	}
	accounts := make(map[store.ID]store.ID, len(unended))
	for _, session := range unended {
		if s.db.now().Before(session.ExpiresAt) {
			accounts[session.ID] = session.Account
		}
	}
	ended := make(map[auth.Viewer]bool)
	for viewer := range viewers {
		if viewer.Key {
			key, ok := unrevoked[viewer.Session]
			if role := scopes[viewer.Account].Role; !ok || key.isExpired(s.db.now()) || role == "" || key.roleOf(role) != viewer.Role {
				ended[viewer] = true
			}
			continue
		}
		account, ok := accounts[viewer.Session]
		if !ok || account != viewer.Account || scopes[account] != viewer.Scope() {
			ended[viewer] = true
		}
	}
	return ended, nil
}

// keys returns the API keys with these ids.
func (s liveSessions) keys(ctx context.Context, ids []store.ID) (map[store.ID]*APIKey, error) {
	if len(ids) == 0 {
		return map[store.ID]*APIKey{}, nil
	}
	return s.db.APIKeys.Only(APIKeys.Select("role", "expires_at")).ByID(ctx, auth.SystemScope(), ids)
}

// scopesOf returns what the accounts may see and do that may log in.
func (d *DB) scopesOf(ctx context.Context, users, customers []store.ID) (map[store.ID]auth.Scope, error) {
	scopes := make(map[store.ID]auth.Scope, len(users)+len(customers))
	if len(users) > 0 {
		found, err := d.Users.Only(Users.Select("role", "deactivated_at", "deleting_at")).ByID(ctx, auth.SystemScope(), users)
		if err != nil {
			return nil, err
		}
		for id, user := range found {
			if user.mayLogIn() {
				scopes[id] = account{user: user}.scope()
			}
		}
	}
	if len(customers) > 0 {
		found, err := d.Customers.Only(Customers.Select("deleting_at", "unverified_since")).ByID(ctx, auth.SystemScope(), customers)
		if err != nil {
			return nil, err
		}
		for id, customer := range found {
			if customer.mayLogIn() {
				scopes[id] = d.CustomerScope(customer)
			}
		}
	}
	return scopes, nil
}
