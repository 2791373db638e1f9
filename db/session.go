package db

import "time"

// Session is a log-in: one family of refresh tokens, of which only the newest is good. Its access tokens carry its
// id, and die with it.
type Session struct {
	ID      ID
	Account ID
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
var Sessions = &Collection{
	Name: "sessions",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "account_id", Type: TypeID},
		{Name: "staff", Type: TypeBool},
		{Name: "refresh_hash", Type: TypeString},
		{Name: "created_at", Type: TypeTime},
		{Name: "expires_at", Type: TypeTime},
	},
	Indexes: []Index{
		{Name: "sessions_account", Keys: []Key{{Field: "account_id"}}},
		{Name: "sessions_expires", Keys: []Key{{Field: "expires_at"}}},
	},
}
