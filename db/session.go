package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// Session is a log-in: one family of refresh tokens. Only the newest one is valid, and for a short time the one before it. Its
// access tokens contain its id, and end with it.
type Session struct {
	ID      store.ID `db:"_id"`
	Account store.ID `db:"account_id"`
	// Staff says whether the account is a user or a customer.
	Staff bool `db:"staff"`
	// RefreshHash is the hexadecimal SHA-256 digest of the newest refresh token's secret.
	RefreshHash string `db:"refresh_hash,secret"`
	// UsedHash is the digest of the refresh token that was exchanged for the newest one at RefreshedAt; empty before the
	// first exchange, and in a session whose last exchange was with an earlier version.
	UsedHash    string     `db:"used_hash,secret"`
	RefreshedAt *time.Time `db:"refreshed_at"`
	// RefreshKey is the random key that turns a refresh token into its successor; empty if an earlier version started the
	// session and no exchange has given it one.
	RefreshKey string    `db:"refresh_key,secret"`
	CreatedAt  time.Time `db:"created_at"`
	ExpiresAt  time.Time `db:"expires_at"`
}

// accountID returns the global id of the session's account.
func (s *Session) accountID() string {
	if s.Staff {
		return KindUser.GlobalID(s.Account)
	}
	return KindCustomer.GlobalID(s.Account)
}

// Sessions declares the log-ins.
var Sessions = entity.Declare(entity.Declaration[Session]{
	Name: "sessions", Noun: "session",
	Volatile: true,
	Indexes: []store.Index{
		{Name: "sessions_account", Keys: []store.Key{{Field: "account_id"}}},
		{Name: "sessions_expires", Keys: []store.Key{{Field: "expires_at"}}},
	},
})
