package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// Session is a log-in: one family of refresh tokens, of which only the newest is valid. Its access tokens contain its
// id, and end with it.
type Session struct {
	ID      store.ID `db:"_id"`
	Account store.ID `db:"account_id"`
	// Staff says whether the account is a user or a customer.
	Staff bool `db:"staff"`
	// RefreshHash is the hexadecimal SHA-256 digest of the newest refresh token's secret.
	RefreshHash string    `db:"refresh_hash,secret"`
	CreatedAt   time.Time `db:"created_at"`
	ExpiresAt   time.Time `db:"expires_at"`
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
