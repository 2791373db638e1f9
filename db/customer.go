package db

import (
	"time"

	"crm/db/store"
)

// Customer is somebody the staff deals with.
type Customer struct {
	ID    store.ID `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	// PasswordHash is empty for a customer whom the staff entered and who can't log in yet.
	PasswordHash string    `json:"-"`
	Company      *string   `json:"company"`
	Phone        *string   `json:"phone"`
	CreatedAt    time.Time `json:"createdAt"`
	UpdatedAt    time.Time `json:"updatedAt"`
	Version      int       `json:"version"`

	nameKey    string
	emailKey   string
	companyKey *string
}

// Pointers implements Document.
func (c *Customer) Pointers(into []any) []any {
	return append(into,
		&c.ID, &c.Name, &c.Email, &c.PasswordHash, &c.Company, &c.Phone,
		&c.CreatedAt, &c.UpdatedAt, &c.Version, &c.nameKey, &c.emailKey, &c.companyKey,
	)
}

// Customers is the collection of the customers.
var Customers = &store.Collection{
	Name: "customers",
	Fields: []store.Field{
		{Name: "_id", Type: store.TypeID},
		{Name: "name", Type: store.TypeString},
		{Name: "email", Type: store.TypeString},
		{Name: "password", Type: store.TypeString},
		{Name: "company", Type: store.TypeString, Nullable: true},
		{Name: "phone", Type: store.TypeString, Nullable: true},
		{Name: "created_at", Type: store.TypeTime},
		{Name: "updated_at", Type: store.TypeTime},
		{Name: "version", Type: store.TypeInt, Default: 1},
		{Name: "name_key", Type: store.TypeString},
		{Name: "email_key", Type: store.TypeString},
		{Name: "company_key", Type: store.TypeString, Nullable: true},
	},
	Indexes: []store.Index{
		{Name: "customers_email", Keys: []store.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "customers_name", Keys: []store.Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "customers_company", Keys: []store.Key{{Field: "company_key"}, {Field: "_id"}}},
		{Name: "customers_phone", Keys: []store.Key{{Field: "phone"}, {Field: "_id"}}},
		{Name: "customers_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "customers_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key", "email_key", "company_key", "phone"},
}

// CanLogIn reports whether the customer has a password.
func (c *Customer) CanLogIn() bool { return c.PasswordHash != "" }
