// Package auth knows who is calling: roles, scopes, passwords, tokens and the viewer in the request's context.
// It knows nothing of the store or of GraphQL.
package auth

import "fmt"

// Role says what kind of account somebody has.
type Role string

// The roles, as the users collection stores them; customers live in a collection of their own and store none.
const (
	Admin    Role = "ADMIN"
	User     Role = "USER"
	Customer Role = "CUSTOMER"
)

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, error) {
	switch role := Role(name); role {
	case Admin, User, Customer:
		return role, nil
	}
	return "", fmt.Errorf("%q is not a role", name)
}

// IsStaff reports whether the role belongs to the users collection.
func (r Role) IsStaff() bool { return r == Admin || r == User }
