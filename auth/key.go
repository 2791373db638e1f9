package auth

import (
	"encoding/hex"
	"slices"
)

// Key identifies recipients of events: an account, or all staff.
type Key string

// StaffKey is the key of all staff.
const StaffKey Key = "staff"

// AccountKey returns the key of a customer's or a user's account.
func AccountKey(role Role, account ID) Key {
	if role == Customer {
		return Key("cus_" + hex.EncodeToString(account[:]))
	}
	return Key("usr_" + hex.EncodeToString(account[:]))
}

// Keys returns the keys of the account with this scope. A scope that sees everything needs none.
func (s Scope) Keys() []Key {
	switch {
	case s.Role.IsStaff():
		return []Key{StaffKey, AccountKey(User, s.Account)}
	case s.Role == Customer:
		return []Key{AccountKey(Customer, s.Account)}
	}
	return nil
}

// ShareKey reports whether two sets of keys have a common element.
func ShareKey(a, b []Key) bool {
	return slices.ContainsFunc(a, func(key Key) bool { return slices.Contains(b, key) })
}
