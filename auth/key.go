package auth

import (
	"encoding/hex"
	"slices"
)

// Key is one of those by which it is decided who is told of an event: an account, or all staff.
type Key string

// StaffKey is the key of all staff.
const StaffKey Key = "staff"

// AccountKey returns the key of one account, which is a customer's or a user's.
func AccountKey(role Role, account ID) Key {
	if role == Customer {
		return Key("cus_" + hex.EncodeToString(account[:]))
	}
	return Key("usr_" + hex.EncodeToString(account[:]))
}

// Keys returns the keys of whoever has the scope. A scope that sees everything needs none.
func (s Scope) Keys() []Key {
	switch {
	case s.Role.IsStaff():
		return []Key{StaffKey, AccountKey(User, s.Account)}
	case s.Role == Customer:
		return []Key{AccountKey(Customer, s.Account)}
	}
	return nil
}

// ShareKey reports whether two sets of keys have one in common.
func ShareKey(a, b []Key) bool {
	return slices.ContainsFunc(a, func(key Key) bool { return slices.Contains(b, key) })
}
