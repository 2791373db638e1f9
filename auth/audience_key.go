package auth

import (
	"encoding/hex"
	"slices"
)

// AudienceKey identifies who sees a document or receives an event: an account, by its global id, or all staff.
type AudienceKey string

// StaffKey is the key of all staff.
const StaffKey AudienceKey = "staff"

// AccountKey returns the key of a customer's or a user's account.
func AccountKey(role Role, account ID) AudienceKey {
	if role == Customer {
		return AudienceKey("cus_" + hex.EncodeToString(account[:]))
	}
	return AudienceKey("usr_" + hex.EncodeToString(account[:]))
}

// AudienceKeys returns the keys of the account with this scope. A scope that sees everything needs none, and one that sees only
// itself has none.
func (s Scope) AudienceKeys() []AudienceKey {
	switch {
	case s.Unverified:
		return nil
	case s.Role.IsStaff():
		return []AudienceKey{StaffKey, AccountKey(User, s.Account)}
	case s.Role == Customer:
		return []AudienceKey{AccountKey(Customer, s.Account)}
	}
	return nil
}

// ShareKey reports whether two sets of keys have a common element.
func ShareKey(a, b []AudienceKey) bool {
	return slices.ContainsFunc(a, func(key AudienceKey) bool { return slices.Contains(b, key) })
}
