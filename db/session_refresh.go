package db

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"crm/auth"
	"crm/db/store"
)

const (
	// RefreshTokenLife is how long a refresh token is valid, and so how long an idle client stays logged in.
	RefreshTokenLife = 30 * 24 * time.Hour
	// repeatTime is how long a refresh token can be used again: by another tab of the browser, or by a client that has lost
	// the response.
	repeatTime = 20 * time.Second
)

// RefreshSession exchanges a session's refresh token for its next one. Within repeatTime, the same token is exchanged for the
// same one again, unless that has been used, too. Any other reuse of a token ends the session, because the token may be
// stolen. Any invalid token is UNAUTHENTICATED.
func (d *DB) RefreshSession(ctx context.Context, token string) (*Session, string, error) {
	digits, secret, _ := strings.Cut(token, ".")
	id, err := store.ParseID(digits)
	if err != nil {
		return nil, "", errRefreshToken()
	}
	session, err := d.session(ctx, id)
	if err != nil {
		return nil, "", err
	}
	if !d.now().Before(session.ExpiresAt) {
		return nil, "", errRefreshToken()
	}
	if session.RefreshHash == hashSecret(secret) {
		if err := d.requireTwoFactor(ctx, session); err != nil {
			return nil, "", err
		}
		next, err := d.exchange(ctx, session, secret)
		if err == nil {
			return session, id.String() + "." + next, nil
		}
		if store.CodeOf(err) != store.NotFound {
			return nil, "", err
		}
		// Somebody else has used the token meanwhile.
		if session, err = d.session(ctx, id); err != nil {
			return nil, "", err
		}
	}
	if next := session.successor(secret); d.mayRepeat(session, secret, next) {
		return session, id.String() + "." + next, nil
	}
	if err := d.EndSession(ctx, id); err != nil {
		return nil, "", err
	}
	d.record(ctx, auth.SystemScope(), SecurityTokenReused, accountKind(session.Staff), session.Account)
	return nil, "", errRefreshToken()
}

// exchange replaces a session's refresh token and returns the secret of the next one. It is NOT_FOUND if the token is no
// longer the newest.
func (d *DB) exchange(ctx context.Context, session *Session, secret string) (next string, err error) {
	used, now := session.RefreshHash, d.now()
	session.RefreshKey = cmp.Or(session.RefreshKey, newSecret())
	next = session.successor(secret)
	session.RefreshHash, session.UsedHash, session.RefreshedAt = hashSecret(next), used, &now
	session.ExpiresAt = now.Add(RefreshTokenLife)
	session.Device, session.Network = clientOf(ctx)
	err = d.store.Update(ctx, Sessions.Collection, session.ID, store.Eq("refresh_hash", used), []store.Assignment{
		{Field: "refresh_hash", Value: session.RefreshHash}, {Field: "used_hash", Value: used},
		{Field: "refreshed_at", Value: now}, {Field: "refresh_key", Value: session.RefreshKey},
		{Field: "expires_at", Value: session.ExpiresAt},
		{Field: "device", Value: store.ValueAt(&session.Device)}, {Field: "network", Value: store.ValueAt(&session.Network)},
	})
	if err != nil {
		return "", fmt.Errorf("cannot refresh session: %w", err)
	}
	return next, nil
}

// mayRepeat reports whether a used token may be exchanged for its successor once more.
func (d *DB) mayRepeat(session *Session, secret, successor string) bool {
	return session.RefreshedAt != nil && d.now().Sub(*session.RefreshedAt).Abs() < repeatTime &&
		session.UsedHash == hashSecret(secret) && session.RefreshHash == hashSecret(successor)
}

// successor returns the secret of the refresh token that follows another. It is the same each time, and can't be found
// without the key, so that nobody who has an old token can follow the session.
func (s *Session) successor(secret string) string {
	mac := hmac.New(sha256.New, []byte(s.RefreshKey))
	mac.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func errRefreshToken() *store.Error {
	return store.Errorf(store.Unauthenticated, "the refresh token is not valid; log in again")
}

// newSecret returns 256 random bits as text.
func newSecret() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // crypto/rand.Read never returns an error
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// hashSecret returns the digest to store for a refresh token's secret. The secret has 256 random bits, so a plain
// digest can't be reversed.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
