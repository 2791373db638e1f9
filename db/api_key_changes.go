package db

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"crm/auth"
	"crm/db/store"
)

// The maximum numbers of a user's API keys, and of the networks of one.
const (
	maxAPIKeys  = 100
	maxNetworks = 50
)

// NewAPIKey is the data of an API key to create.
type NewAPIKey struct {
	Name string
	// Role is the most that the key may do; the account's own role if it is nil.
	Role     *auth.Role
	ReadOnly bool
	// Networks are addresses and CIDR prefixes.
	Networks  []string
	ExpiresAt *time.Time
}

// CreateAPIKey creates an API key of the scope's user, and returns it with the text that identifies its holder, which is not
// stored.
func (d *DB) CreateAPIKey(ctx context.Context, scope auth.Scope, in NewAPIKey) (*APIKey, string, error) {
	if !scope.IsStaff() {
		return nil, "", store.Errorf(store.Forbidden, "only staff may have API keys")
	}
	var problems Problems
	now, secret := d.now(), auth.NewAPIKeySecret()
	key := &APIKey{
		ID: store.NewID(), UserID: scope.Account, Name: problems.line("name", in.Name), Role: scope.Role, ReadOnly: in.ReadOnly,
		Networks: problems.networks("allowedNetworks", in.Networks), SecretHash: hashSecret(secret), CreatedAt: now, ExpiresAt: in.ExpiresAt, Version: 1,
	}
	if in.Role != nil {
		key.Role = *in.Role
	}
	problems.staffRole("role", key.Role)
	if key.Role.IsStaff() && key.roleOf(scope.Role) != key.Role {
		problems.Add("role", "is more than the account itself may do")
	}
	if key.ExpiresAt != nil && key.isExpired(now) {
		problems.Add("expiresAt", "is over")
	}
	if err := problems.inInput(); err != nil {
		return nil, "", err
	}
	switch n, err := d.apiKeys.CountAll(ctx, store.Eq("user_id", key.UserID)); {
	case err != nil:
		return nil, "", err
	case n >= maxAPIKeys:
		return nil, "", store.Errorf(store.Conflict, "an account has at most %d API keys; revoke one first", maxAPIKeys)
	}
	if err := d.apiKeys.Create(ctx, scope, key); err != nil {
		return nil, "", err
	}
	d.record(ctx, scope, SecurityAPIKeyCreated, KindUser, key.UserID)
	return key, auth.FormatAPIKey(key.ID, secret), nil
}

// RevokeAPIKey ends an API key at once. Its user may, and admins.
func (d *DB) RevokeAPIKey(ctx context.Context, scope auth.Scope, id store.ID) error {
	key, err := d.APIKeys.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	return d.revoke(ctx, scope, key)
}

func (d *DB) revoke(ctx context.Context, scope auth.Scope, key *APIKey) error {
	if err := d.apiKeys.Remove(ctx, scope, key); err != nil {
		return fmt.Errorf("cannot revoke API key: %w", err)
	}
	d.sessionCache.forget(key.ID)
	d.record(ctx, scope, SecurityAPIKeyRevoked, KindUser, key.UserID)
	return nil
}

// networks checks addresses and CIDR prefixes, and returns them as prefixes separated by spaces.
func (p *Problems) networks(field string, values []string) string {
	if len(values) > maxNetworks {
		p.Add(field, "has more than %d entries", maxNetworks)
		return ""
	}
	prefixes := make([]string, 0, len(values))
	for i, value := range values {
		prefix, err := parseNetwork(strings.TrimSpace(value))
		if err != nil {
			p.Add(fmt.Sprintf("%s.%d", field, i), "must be an address or a network, such as 192.0.2.7 or 2001:db8::/32")
			continue
		}
		prefixes = append(prefixes, prefix.Masked().String())
	}
	return strings.Join(prefixes, " ")
}

func parseNetwork(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	address = address.Unmap().WithZone("")
	return address.Prefix(address.BitLen())
}
