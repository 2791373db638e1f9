package db

import (
	"time"

	"crm/auth"
	"crm/db/store"
)

// User is a member of the staff.
type User struct {
	ID            store.ID   `json:"id"`
	Name          string     `json:"name"`
	Email         string     `json:"email"`
	PasswordHash  string     `json:"-"`
	Role          auth.Role  `json:"role"`
	DeactivatedAt *time.Time `json:"deactivatedAt"`
	CreatedAt     time.Time  `json:"createdAt"`
	UpdatedAt     time.Time  `json:"updatedAt"`
	Version       int        `json:"version"`

	nameKey  string
	emailKey string
	redacted bool
}

// Pointers implements Document.
func (u *User) Pointers(into []any) []any {
	return append(into,
		&u.ID, &u.Name, &u.Email, &u.PasswordHash, (*string)(&u.Role), &u.DeactivatedAt,
		&u.CreatedAt, &u.UpdatedAt, &u.Version, &u.nameKey, &u.emailKey,
	)
}

// Users is the collection of the staff.
var Users = &store.Collection{
	Name: "users",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "name", Type: store.TypeString},
		{Name: "email", Type: store.TypeString},
		{Name: "password", Type: store.TypeString},
		{Name: "role", Type: store.TypeString, Default: string(auth.User), LowCardinality: true},
		{Name: "deactivated_at", Type: store.TypeTime, Nullable: true},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "updated_at", Type: store.TypeTime},
		{Name: "version", Type: store.TypeInt, Default: 1},
		{Name: "name_key", Type: store.TypeString},
		{Name: "email_key", Type: store.TypeString},
	},
	Indexes: []store.Index{
		{Name: "users_email", Keys: []store.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "users_name", Keys: []store.Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "users_role_created", Keys: []store.Key{{Field: "role"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_deactivated_created", Keys: []store.Key{{Field: "deactivated_at"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key", "email_key"},
}

// redact removes what the scope may not see of a user: of others, only an admin sees more than name and address. What
// lists are ordered by stays for the cursors; CreatedAt, of which the id tells as much, is hidden by VisibleCreatedAt.
func (u *User) redact(scope auth.Scope) {
	if scope.SeesAll() || scope.IsAccount(true, u.ID) {
		return
	}
	*u = User{
		ID: u.ID, Name: u.Name, Email: u.Email, CreatedAt: u.CreatedAt, Version: u.Version,
		nameKey: u.nameKey, emailKey: u.emailKey, redacted: true,
	}
}

// VisibleRole returns the role, nil where the viewer may not see it.
func (u *User) VisibleRole() *auth.Role { return visible(u, u.Role) }

// VisibleActive returns whether the user may log in, nil where the viewer may not see it.
func (u *User) VisibleActive() *bool { return visible(u, u.DeactivatedAt == nil) }

// VisibleCreatedAt returns when the account was made, nil where the viewer may not see it.
func (u *User) VisibleCreatedAt() *time.Time { return visible(u, u.CreatedAt) }

// VisibleUpdatedAt returns when the account was last changed, nil where the viewer may not see it.
func (u *User) VisibleUpdatedAt() *time.Time { return visible(u, u.UpdatedAt) }

func visible[T any](u *User, value T) *T {
	if u.redacted {
		return nil
	}
	return &value
}
