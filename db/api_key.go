package db

import (
	"net/netip"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// APIKey lets a program act for a user. It never may do more than the user.
type APIKey struct {
	ID     store.ID  `db:"_id"`
	UserID store.ID  `db:"user_id" belongs:"User,cascade"`
	Name   string    `db:"name"`
	Role   auth.Role `db:"role"`
	// ReadOnly says that the key can't run mutations.
	ReadOnly bool `db:"read_only"`
	// Networks are the networks that the key may be used from, separated by spaces; it is empty if there is no limit.
	Networks string `db:"networks"`
	// SecretHash is the hexadecimal SHA-256 digest of the key's secret.
	SecretHash string     `db:"secret_hash,secret"`
	CreatedAt  time.Time  `db:"created_at"`
	ExpiresAt  *time.Time `db:"expires_at"`
	// LastUsedAt is when the key was last used, to within lastUsedPrecision.
	LastUsedAt *time.Time `db:"last_used_at"`
	// Version is always 1: a key can only be revoked.
	Version int `db:"version" default:"1"`
}

// APIKeys declares the API keys. A user sees their own.
var APIKeys = entity.Declare(entity.Declaration[APIKey]{
	Kind: "key", Name: "api_keys", Noun: "API key",
	Visible:  []entity.Grant{entity.ToUser("user_id")},
	Computed: map[string][]string{"allowedNetworks": {"networks"}},
	Indexes: []store.Index{
		{Name: "api_keys_user_created", Keys: []store.Key{{Field: "user_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "api_keys_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
})

// AllowedNetworks returns the networks that the key may be used from; there is no limit if it is empty.
func (k *APIKey) AllowedNetworks() []string { return strings.Fields(k.Networks) }

// roleOf returns the role that the key gives while its user has that role: its own, but not more than the user's.
func (k *APIKey) roleOf(user auth.Role) auth.Role {
	if user == auth.Admin {
		return k.Role
	}
	return user
}

// isExpired reports whether the key can't be used any more at that time.
func (k *APIKey) isExpired(now time.Time) bool {
	return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt)
}

// allowsFrom reports whether networks, separated by spaces, allow an address.
func allowsFrom(networks, address string) bool {
	if networks == "" {
		return true
	}
	from, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	from = from.Unmap().WithZone("")
	for network := range strings.FieldsSeq(networks) {
		if prefix, err := netip.ParsePrefix(network); err == nil && prefix.Contains(from) {
			return true
		}
	}
	return false
}
