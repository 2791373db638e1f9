package db

import "time"

// Customer is somebody the staff deals with.
type Customer struct {
	ID    ID     `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
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
var Customers = &Collection{
	Name: "customers",
	Fields: []Field{
		{Name: "_id", Type: TypeID},
		{Name: "name", Type: TypeString},
		{Name: "email", Type: TypeString},
		{Name: "password", Type: TypeString},
		{Name: "company", Type: TypeString, Nullable: true},
		{Name: "phone", Type: TypeString, Nullable: true},
		{Name: "created_at", Type: TypeTime},
		{Name: "updated_at", Type: TypeTime},
		{Name: "version", Type: TypeInt, Default: 1},
		{Name: "name_key", Type: TypeString},
		{Name: "email_key", Type: TypeString},
		{Name: "company_key", Type: TypeString, Nullable: true},
	},
	Indexes: []Index{
		{Name: "customers_email", Keys: []Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "customers_name", Keys: []Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "customers_company", Keys: []Key{{Field: "company_key"}, {Field: "_id"}}},
		{Name: "customers_phone", Keys: []Key{{Field: "phone"}, {Field: "_id"}}},
		{Name: "customers_created", Keys: []Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "customers_updated", Keys: []Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key", "email_key", "company_key", "phone"},
}

// CanLogIn reports whether the customer has a password.
func (c *Customer) CanLogIn() bool { return c.PasswordHash != "" }
