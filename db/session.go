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
	RefreshKey string `db:"refresh_key,secret"`
	// Device names the program and the system of the client that logged in or refreshed last, and Network is where it was; both
	// are nil in a session of an earlier version that hasn't been refreshed since.
	Device    *string   `db:"device,personal"`
	Network   *string   `db:"network,personal"`
	CreatedAt time.Time `db:"created_at"`
	ExpiresAt time.Time `db:"expires_at"`
}

// LastUsedAt returns when the session was last used, to within the life of an access token: whoever goes on using it has to refresh
// it, so that nothing else needs to be written.
func (s *Session) LastUsedAt() time.Time {
	if s.RefreshedAt != nil {
		return *s.RefreshedAt
	}
	return s.CreatedAt
}

// accountID returns the global id of the session's account.
func (s *Session) accountID() string { return accountKind(s.Staff).GlobalID(s.Account) }

// Sessions declares the log-ins. An account sees its own.
var Sessions = entity.Declare(entity.Declaration[Session]{
	Kind: "ses", Name: "sessions", Noun: "session",
	Visible:  []entity.Grant{entity.ToUser("account_id").If("staff", true), entity.ToCustomer("account_id").If("staff", false).EvenUnverified()},
	Computed: map[string][]string{"lastUsedAt": {"refreshed_at", "created_at"}, "current": {"_id"}},
	Volatile: true,
	Indexes: []store.Index{
		{Name: "sessions_account_created", Keys: []store.Key{{Field: "account_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "sessions_expires", Keys: []store.Key{{Field: "expires_at"}}},
	},
})
