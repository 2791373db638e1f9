package db

import "time"

// LoginAttempt is one try to log in that failed, or whose outcome is not known yet.
type LoginAttempt struct {
	ID ID
	// Key is what is counted: an account's address or a client's network address, each with its kind before it.
	Key string
	At  time.Time
}

// Pointers implements Document.
func (a *LoginAttempt) Pointers(into []any) []any { return append(into, &a.ID, &a.Key, &a.At) }

// LoginAttempts is the collection of the tries of the last minutes.
var LoginAttempts = &Collection{
	Name: "login_attempts",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "key", Type: TypeString},
		{Name: "at", Type: TypeTime},
	},
	Indexes: []Index{
		{Name: "login_attempts_key_at", Keys: []Key{{Field: "key"}, {Field: "at"}, {Field: "_id"}}},
		{Name: "login_attempts_at", Keys: []Key{{Field: "at"}}},
	},
}
