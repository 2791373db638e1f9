package db

import (
	"time"

	"crm/auth"
)

// User is a member of the staff.
type User struct {
	ID            ID         `json:"id"`
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
}

// Pointers implements Document.
func (u *User) Pointers() []any {
	return []any{
		&u.ID, &u.Name, &u.Email, &u.PasswordHash, (*string)(&u.Role), &u.DeactivatedAt,
		&u.CreatedAt, &u.UpdatedAt, &u.Version, &u.nameKey, &u.emailKey,
	}
}

// Users is the collection of the staff.
var Users = &Collection{
	Name: "users",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "name", Type: TypeString},
		{Name: "email", Type: TypeString},
		{Name: "password", Type: TypeString},
		{Name: "role", Type: TypeString, Default: string(auth.User)},
		{Name: "deactivated_at", Type: TypeTime, Nullable: true},
		{Name: "created_at", Type: TypeTime},
		{Name: "updated_at", Type: TypeTime},
		{Name: "version", Type: TypeInt, Default: 1},
		{Name: "name_key", Type: TypeString},
		{Name: "email_key", Type: TypeString},
	},
	Indexes: []Index{
		{Name: "users_email", Keys: []Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "users_name", Keys: []Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "users_created", Keys: []Key{{Field: "created_at"}, {Field: "_id"}}},
	},
}
