package db

import (
	"time"

	"crm/db/store"
)

// Session is a log-in: one family of refresh tokens, of which only the newest is good. Its access tokens carry its
// id, and die with it.
type Session struct {
	ID      store.ID
	Account store.ID
	// Staff says whether the account is a user or a customer.
	Staff bool
	// RefreshHash is the hexadecimal SHA-256 of the newest refresh token's secret.
	RefreshHash string
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// Pointers implements Document.
func (s *Session) Pointers(into []any) []any {
	return append(into, &s.ID, &s.Account, &s.Staff, &s.RefreshHash, &s.CreatedAt, &s.ExpiresAt)
}

// Sessions is the collection of the log-ins.
var Sessions = &store.Collection{
	Name: "sessions",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "account_id", Type: store.TypeID},
		{Name: "staff", Type: store.TypeBool},
		{Name: "refresh_hash", Type: store.TypeString},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "expires_at", Type: store.TypeTime},
	},
	Indexes: []store.Index{
		{Name: "sessions_account", Keys: []store.Key{{Field: "account_id"}}},
		{Name: "sessions_expires", Keys: []store.Key{{Field: "expires_at"}}},
	},
}
