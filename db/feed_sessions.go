package db

import (
	"context"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// endDeadSessions ends the streams of sessions that have ended, of accounts that may not log in any more, and of those
// whose role has changed: what their clients may do has to be decided anew. What this process changed counts at once,
// what others did after feedSessions.
func (f *Feed) endDeadSessions(ctx context.Context) error {
	asked := f.db.live.ask()
	if asked == f.sessionsAsked && time.Since(f.sessionsSeen) < feedSessions {
		return nil
	}
	seen := time.Now()
	dead, err := f.db.deadSessions(ctx, f.viewers())
	if err != nil {
		return err
	}
	f.sessionsAsked, f.sessionsSeen = asked, seen
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for s := range f.streams {
		if dead[s.viewer()] {
			s.end(errSessionEnded())
		}
	}
	return nil
}

func errSessionEnded() *store.Error {
	return store.Errorf(store.Unauthenticated, "the session has ended, or what the account may do has changed; authenticate again")
}

// viewers returns whose streams there are, each once.
func (f *Feed) viewers() map[auth.Viewer]bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	viewers := make(map[auth.Viewer]bool)
	for s := range f.streams {
		viewers[s.viewer()] = true
	}
	return viewers
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
