package db

import (
	"time"

	"crm/db/entity"
	"crm/db/store"
)

// LoginAttempt is an attempt to log in that failed, or whose outcome is not known yet; or a request for mail that anybody may make.
type LoginAttempt struct {
	ID store.ID `db:"_id"`
	// Key is the rate-limit key: an account, with what is counted as a prefix.
	Key string `db:"key"`
	// Network is where an attempt to log in came from; it is empty for what is counted by the key alone.
	Network string `db:"network"`
	// Familiar says that the account has logged in from the network before.
	Familiar bool      `db:"familiar"`
	At       time.Time `db:"at"`
}

// LoginAttempts declares the recent attempts to log in.
var LoginAttempts = entity.Declare(entity.Declaration[LoginAttempt]{
	Name: "login_attempts", Noun: "log-in attempt",
	Volatile: true,
	Indexes: []store.Index{
		{Name: "login_attempts_key_at", Keys: []store.Key{{Field: "key"}, {Field: "at"}, {Field: "_id"}}},
		{Name: "login_attempts_network_at", Keys: []store.Key{{Field: "network"}, {Field: "at"}, {Field: "_id"}}},
		{Name: "login_attempts_at", Keys: []store.Key{{Field: "at"}}},
	},
})
