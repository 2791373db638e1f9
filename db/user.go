package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// User is a member of the staff.
type User struct {
	ID            store.ID   `db:"_id"`
	Name          string     `db:"name,personal"`
	Email         string     `db:"email,personal"`
	PasswordHash  string     `db:"password,secret"`
	Role          auth.Role  `db:"role,few" default:"USER" values:"ADMIN USER"`
	DeactivatedAt *time.Time `db:"deactivated_at"`
	// NotToldOfOwn says that the user isn't mailed about interactions that they change themself.
	NotToldOfOwn bool `db:"not_told_of_own"`
	// TimeZone is the name of an IANA time zone, nil for the server's default.
	TimeZone *string `db:"time_zone,personal"`
	// InvitedAt is when the invitation was sent that hasn't been accepted yet; nil if there is none.
	InvitedAt *time.Time `db:"invited_at"`
	// UnverifiedSince is since when the holder has yet to prove that the address is theirs; nil if they have, and in accounts from
	// before addresses were verified.
	UnverifiedSince *time.Time `db:"unverified_since"`
	// ProviderSince is since when the holder logs in with an identity provider; nil if they don't.
	ProviderSince *time.Time `db:"provider_since"`
	// DeletingAt is when the user's deletion began.
	DeletingAt *time.Time `db:"deleting_at"`
	CreatedAt  time.Time  `db:"created_at" fallback:"_id"`
	UpdatedAt  time.Time  `db:"updated_at" fallback:"created_at"`
	Version    int        `db:"version" default:"1"`

	nameKey   string `db:"name_key" key:"Name,search"`
	nameOrder string `db:"name_order" key:"Name,order"`
	emailKey  string `db:"email_key" key:"Email,fold,unique"`
	redacted  bool
	// active is what a redacted account shows of DeactivatedAt.
	active *bool
}

// Users declares the members of the staff.
var Users = entity.Declare(entity.Declaration[User]{
	Kind: "usr", Name: "users", Noun: "user",
	Required:   [][]string{{"name", "email"}},
	Visible:    []entity.Grant{entity.ToStaff(), entity.ToCustomerThrough("Interaction", "user_id"), entity.ToCustomerThrough("TicketMessage", "author_id")},
	Redact:     (*User).redact,
	Computed:   map[string][]string{"role": {"role"}, "active": {"deactivated_at"}, "notifySelf": {"not_told_of_own"}, "emailVerified": {"unverified_since"}},
	Filters:    map[string]entity.Condition{"active": {NullField: "deactivated_at"}, "emailVerified": {NullField: "unverified_since"}},
	Restricted: map[string]auth.Role{"role": auth.Admin, "deactivated_at": auth.User, "invited_at": auth.Admin, "unverified_since": auth.User},
	Indexes: []store.Index{
		{Name: "users_email", Keys: []store.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "users_name", Keys: []store.Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "users_name_order", Keys: []store.Key{{Field: "name_order"}, {Field: "_id"}}},
		{Name: "users_role_created", Keys: []store.Key{{Field: "role"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_deactivated_created", Keys: []store.Key{{Field: "deactivated_at"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_invited_created", Keys: []store.Key{{Field: "invited_at"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_unverified_created", Keys: []store.Key{{Field: "unverified_since"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "users_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key", "email_key"},
})

// redact clears the fields of a user that the scope may not see: only the user and admins see the role, when the account was
// deactivated and whether it is told of its own changes, and only staff whether it is active and its address verified.
func (u *User) redact(scope auth.Scope) {
	if scope.SeesAll() || scope.IsAccount(true, u.ID) {
		return
	}
	active := u.DeactivatedAt == nil
	*u = User{
		ID: u.ID, Name: u.Name, Email: u.Email, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, Version: u.Version,
		UnverifiedSince: u.UnverifiedSince, nameOrder: u.nameOrder, emailKey: u.emailKey, redacted: true,
	}
	if scope.IsStaff() {
		u.active = &active
	}
}

// Address returns the user's e-mail address, nil if they have none.
func (u *User) Address() *string { return addressIn(&u.Email) }

// VisibleRole returns the role, nil if the viewer may not see it.
func (u *User) VisibleRole() *auth.Role { return visible(u, u.Role) }

// VisibleActive returns whether the user may log in, nil if the viewer may not see it.
func (u *User) VisibleActive() *bool {
	if u.redacted {
		return u.active
	}
	return visible(u, u.DeactivatedAt == nil)
}

// VisibleEmailVerified returns whether the holder has proven the address, nil if the viewer may not see it.
func (u *User) VisibleEmailVerified() *bool {
	if u.redacted && u.active == nil {
		return nil
	}
	verified := u.UnverifiedSince == nil
	return &verified
}

// VisibleNotifySelf returns whether the user is mailed about their own changes, nil if the viewer may not see it.
func (u *User) VisibleNotifySelf() *bool { return visible(u, !u.NotToldOfOwn) }

func visible[T any](u *User, value T) *T {
	if u.redacted {
		return nil
	}
	return &value
}
