// Package auth contains roles, scopes, passwords, tokens and the viewer in the request's context. It is independent of the
// store and of GraphQL.
package auth

import "fmt"

// Role is the role of an account.
type Role string

// The roles as the users collection stores them. Customers have their own collection, which stores none.
const (
	Admin    Role = "ADMIN"
	User     Role = "USER"
	Customer Role = "CUSTOMER"
)

// ParseRole returns the role with this name.
func ParseRole(name string) (Role, error) {
	switch role := Role(name); role {
	case Admin, User, Customer:
		return role, nil
	}
	return "", fmt.Errorf("%q is not a role", name)
}

// IsStaff reports whether accounts with the role are in the users collection.
func (r Role) IsStaff() bool { return r == Admin || r == User }
