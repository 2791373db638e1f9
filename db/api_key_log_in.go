package db

import (
	"context"
	"crypto/subtle"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// lastUsedPrecision is how often the use of an API key is written at most.
const lastUsedPrecision = time.Minute

// LiveKey implements auth.Sessions: it returns the viewer whom the API key with that id and secret identifies. ok is false if there
// is no such key, or it has expired, or may not be used from the address. Like those of sessions, the results are cached for a
// second at most.
func (d *DB) LiveKey(ctx context.Context, id auth.ID, secret, address string) (viewer auth.Viewer, ok bool, err error) {
	hash := hashSecret(secret)
	if known, ok := d.sessionCache.get(store.ID(id), d.now()); ok {
		return known.viewer, known.viewer.Key && isEqual(known.secretHash, hash) && allowsFrom(known.networks, address), nil
	}
	asked := d.sessionCache.changes()
	key, err := entity.First[APIKey](ctx, d.store, APIKeys.Collection, store.Query{Where: store.Eq("_id", store.ID(id))})
	if err != nil {
		return auth.Viewer{}, false, ignoreNotFound(err)
	}
	if !isEqual(key.SecretHash, hash) || key.isExpired(d.now()) {
		return auth.Viewer{}, false, nil
	}
	user, err := d.Users.Get(ctx, auth.SystemScope(), key.UserID)
	if err != nil || !user.mayLogIn() {
		return auth.Viewer{}, false, ignoreNotFound(err)
	}
	viewer = auth.Viewer{Role: key.roleOf(user.Role), Account: key.UserID, Session: key.ID, Key: true, ReadOnly: key.ReadOnly}
	if key.ExpiresAt != nil {
		viewer.Expires = *key.ExpiresAt
	}
	if !allowsFrom(key.Networks, address) {
		return auth.Viewer{}, false, nil
	}
	d.markUsed(ctx, key)
	d.sessionCache.put(asked, cachedSession{viewer: viewer, secretHash: key.SecretHash, networks: key.Networks}, d.now())
	return viewer, true, nil
}

// markUsed writes that a key is in use, unless that was written a short time ago. A key works even if nothing can be written.
func (d *DB) markUsed(ctx context.Context, key *APIKey) {
	now := d.now()
	if key.LastUsedAt != nil && now.Sub(*key.LastUsedAt).Abs() < lastUsedPrecision {
		return
	}
	err := d.apiKeys.Assign(ctx, key.ID, store.And(), []store.Assignment{{Field: "last_used_at", Value: now}})
	if err != nil && store.CodeOf(err) != store.NotFound {
		d.options.Log.WarnContext(ctx, "cannot write that an API key was used", "apiKey", key.GlobalID(), "error", err)
	}
}

// isEqual compares secrets in a time that doesn't depend on where they differ.
func isEqual(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
