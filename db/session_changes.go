package db

import (
	"context"
	"crypto/rand"
	"fmt"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// StartSession starts a session of an account and returns it with its refresh token, which is not stored.
func (d *DB) StartSession(ctx context.Context, account store.ID, staff bool) (*Session, string, error) {
	now := d.now()
	session := &Session{
		ID: unguessableID(), Account: account, Staff: staff, RefreshKey: newSecret(), CreatedAt: now, ExpiresAt: now.Add(RefreshTokenLife),
	}
	session.Device, session.Network = clientOf(ctx)
	secret := newSecret()
	session.RefreshHash = hashSecret(secret)
	if err := d.store.Insert(ctx, Sessions.Collection, session); err != nil {
		return nil, "", fmt.Errorf("cannot start session: %w", err)
	}
	if session.Network != nil {
		// If that can't be written, the account is only less known there. The session is written already.
		if err := d.rememberNetwork(ctx, auth.AudienceKey(session.accountID()), *session.Network); err != nil {
			d.options.Log.WarnContext(ctx, "cannot remember the network of a log-in", "account", session.accountID(), "error", err)
		}
	}
	d.record(ctx, auth.SystemScope(), SecurityLoggedIn, accountKind(staff), account)
	return session, session.ID.String() + "." + secret, nil
}

// session returns the session with that id; it is UNAUTHENTICATED if it has ended.
func (d *DB) session(ctx context.Context, id store.ID) (*Session, error) {
	session, err := entity.First[Session](ctx, d.store, Sessions.Collection, store.Query{Where: store.Eq("_id", id)})
	if store.CodeOf(err) == store.NotFound {
		return nil, errRefreshToken()
	}
	return session, err
}

// clientOf returns what sessions say about the client whose request has the context.
func clientOf(ctx context.Context) (device, network *string) {
	viewer, _ := auth.ViewerFrom(ctx)
	if name := auth.Device(viewer.UserAgent); name != "" {
		device = &name
	}
	if from := networkOf(viewer.Address); from != "" {
		network = &from
	}
	return device, network
}

// EndSessionOf ends a session that the scope sees: one of the viewer's own or, for admins, anybody's.
func (d *DB) EndSessionOf(ctx context.Context, scope auth.Scope, id store.ID) error {
	session, err := d.Sessions.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := d.EndSession(ctx, session.ID); err != nil {
		return err
	}
	d.record(ctx, scope, SecuritySessionEnded, accountKind(session.Staff), session.Account)
	return nil
}

// LogOut ends the viewer's session.
func (d *DB) LogOut(ctx context.Context, viewer auth.Viewer) error {
	if err := d.EndSession(ctx, viewer.Session); err != nil {
		return err
	}
	d.record(ctx, viewer.Scope(), SecuritySessionEnded, accountKind(viewer.Role.IsStaff()), viewer.Account)
	return nil
}

// LogOutEverywhere ends all sessions of the viewer's account, and returns how many ended.
func (d *DB) LogOutEverywhere(ctx context.Context, viewer auth.Viewer) (ended int, err error) {
	if ended, err = d.EndSessions(ctx, viewer.Account, store.ID{}); err != nil {
		return 0, err
	}
	d.record(ctx, viewer.Scope(), SecuritySessionEnded, accountKind(viewer.Role.IsStaff()), viewer.Account)
	return ended, nil
}

// EndSession ends one session.
func (d *DB) EndSession(ctx context.Context, id store.ID) error {
	_, err := d.purge(ctx, Sessions.Collection, store.Eq("_id", id))
	d.sessionCache.forget(id)
	return err
}

// EndSessions ends all sessions of an account except the one to keep, and returns how many ended.
func (d *DB) EndSessions(ctx context.Context, account, keep store.ID) (ended int, err error) {
	ended, err = d.purge(ctx, Sessions.Collection, store.And(store.Eq("account_id", account), store.Compare(store.OpNe, "_id", keep)))
	d.sessionCache.forgetAccount(account)
	return ended, err
}

// Live implements auth.Sessions: it reports whether the viewer's session is live, and what its account may see and
// do now.
// The result is cached for a second at most; changes by this process take effect at once.
func (d *DB) Live(ctx context.Context, viewer auth.Viewer) (live auth.Viewer, ok bool, err error) {
	if known, ok := d.sessionCache.get(viewer.Session, d.now()); ok && !known.viewer.Key && known.viewer.Account == viewer.Account {
		return known.viewer, true, nil
	}
	asked := d.sessionCache.changes()
	session, err := d.session(ctx, viewer.Session)
	if err != nil {
		return auth.Viewer{}, false, exceptCode(err, store.Unauthenticated)
	}
	if session.Account != viewer.Account || session.Staff != viewer.Role.IsStaff() || !d.now().Before(session.ExpiresAt) {
		return auth.Viewer{}, false, nil
	}
	scope, ok, err := d.scopeOf(ctx, session)
	if err != nil || !ok {
		return auth.Viewer{}, false, err
	}
	viewer.Role, viewer.Unverified = scope.Role, scope.Unverified
	d.sessionCache.put(asked, cachedSession{viewer: viewer}, d.now())
	return viewer, true, nil
}

// scopeOf returns what a session's account may see and do now; ok is false if it may no longer log in.
func (d *DB) scopeOf(ctx context.Context, session *Session) (scope auth.Scope, ok bool, err error) {
	if !session.Staff {
		customer, err := d.Customers.Get(ctx, auth.SystemScope(), session.Account)
		if err != nil {
			return auth.Scope{}, false, ignoreNotFound(err)
		}
		return d.CustomerScope(customer), customer.mayLogIn(), nil
	}
	user, err := d.Users.Get(ctx, auth.SystemScope(), session.Account)
	if err != nil {
		return auth.Scope{}, false, ignoreNotFound(err)
	}
	return account{user: user}.scope(), user.mayLogIn(), nil
}

// unguessableID returns a random id, for what whoever knows its id can use or end: sessions, links and uploads. Those of NewID can be
// guessed.
func unguessableID() store.ID {
	var id store.ID
	_, _ = rand.Read(id[:]) // crypto/rand.Read never returns an error
	return id
}
