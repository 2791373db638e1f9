package auth

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
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

// Parse returns the account that the key is of.
func (k Key) Parse() (role Role, account ID, err error) {
	switch {
	case strings.HasPrefix(string(k), "cus_"):
		role = Customer
	case strings.HasPrefix(string(k), "usr_"):
		role = User
	default:
		return "", ID{}, fmt.Errorf("%q is not the key of an account", k)
	}
	decoded, err := hex.DecodeString(string(k[len("cus_"):]))
	if err != nil || len(decoded) != len(account) {
		return "", ID{}, fmt.Errorf("%q is not the key of an account", k)
	}
	return role, ID(decoded), nil
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
