package db

import (
	"time"

	"crm/db/store"
)

// LoginAttempt is one try to log in that failed, or whose outcome is not known yet.
type LoginAttempt struct {
	ID store.ID
	// Key is what is counted: an account's address or a client's network address, each with its kind before it.
	Key string
	At  time.Time
}

// Pointers implements Document.
func (a *LoginAttempt) Pointers(into []any) []any { return append(into, &a.ID, &a.Key, &a.At) }

// LoginAttempts is the collection of the tries of the last minutes.
var LoginAttempts = &store.Collection{
	Name: "login_attempts",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "key", Type: store.TypeString},
		{Name: "at", Type: store.TypeTime},
	},
	Indexes: []store.Index{
		{Name: "login_attempts_key_at", Keys: []store.Key{{Field: "key"}, {Field: "at"}, {Field: "_id"}}},
		{Name: "login_attempts_at", Keys: []store.Key{{Field: "at"}}},
	},
}
