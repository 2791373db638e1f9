package db

import (
	"time"

	"crm/db/address"
	"crm/db/entity"
	"crm/db/store"
)

// Customer is a customer of the business.
type Customer struct {
	ID   store.ID `db:"_id"`
	Name string   `db:"name,personal"`
	// Email is empty for a customer who has no address.
	Email string `db:"email,personal"`
	// PasswordHash is empty for a customer whom the staff created and who can't log in yet.
	PasswordHash string  `db:"password,secret"`
	Company      *string `db:"company,personal"`
	Phone        *string `db:"phone,personal"`
	// PhoneNumber is the telephone number in international form, if that is known.
	PhoneNumber *string `db:"phone_number" key:"Phone,international"`
	// TimeZone is the name of an IANA time zone, nil for the server's default.
	TimeZone *string `db:"time_zone,personal"`
	// InvitedAt is when the invitation was sent that hasn't been accepted yet; nil if there is none.
	InvitedAt *time.Time `db:"invited_at"`
	// BouncingEmail is the address if messages to it keep coming back, empty if they don't.
	BouncingEmail string `db:"bouncing_email,personal"`
	// UnverifiedSince is since when the holder has yet to prove that the address is theirs; nil if they have, and in accounts from
	// before addresses were verified.
	UnverifiedSince *time.Time `db:"unverified_since"`
	// ProviderSince is since when the holder logs in with an identity provider; nil if they don't.
	ProviderSince *time.Time `db:"provider_since"`
	// DeletingAt is when the customer's deletion began.
	DeletingAt *time.Time `db:"deleting_at"`
	CreatedAt  time.Time  `db:"created_at" fallback:"_id"`
	UpdatedAt  time.Time  `db:"updated_at" fallback:"created_at"`
	Version    int        `db:"version" default:"1"`

	nameKey    string  `db:"name_key" key:"Name,search"`
	nameOrder  string  `db:"name_order" key:"Name,order"`
	emailKey   string  `db:"email_key" key:"Email,fold,unique"`
	companyKey *string `db:"company_key" key:"Company,search"`
	phoneKey   *string `db:"phone_key" key:"Phone,digits"`
}

// Customers declares customers.
var Customers = entity.Declare(entity.Declaration[Customer]{
	Kind: "cus", Name: "customers", Noun: "customer",
	Required: [][]string{{"name", "email"}},
	Visible:  []entity.Grant{entity.ToStaff(), entity.ToCustomer("_id").EvenUnverified()},
	Derive:   (*Customer).derive,
	Computed: map[string][]string{"canLogIn": {"password", "email", "provider_since"}, "bouncing": {"bouncing_email", "email"}, "emailVerified": {"unverified_since"}, "tags": nil},
	Filters:  map[string]entity.Condition{"emailVerified": {NullField: "unverified_since"}},
	Indexes: []store.Index{
		{Name: "customers_email", Keys: []store.Key{{Field: "email_key"}}, Unique: true, Reports: "email"},
		{Name: "customers_name", Keys: []store.Key{{Field: "name_key"}, {Field: "_id"}}},
		{Name: "customers_name_order", Keys: []store.Key{{Field: "name_order"}, {Field: "_id"}}},
		{Name: "customers_company", Keys: []store.Key{{Field: "company_key"}, {Field: "_id"}}},
		{Name: "customers_phone_key", Keys: []store.Key{{Field: "phone_key"}, {Field: "_id"}}},
		{Name: "customers_invited_created", Keys: []store.Key{{Field: "invited_at"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customers_unverified_created", Keys: []store.Key{{Field: "unverified_since"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "customers_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
		{Name: "customers_updated", Keys: []store.Key{{Field: "updated_at"}, {Field: "_id"}}},
	},
	Searched: []string{"name_key", "email_key", "company_key", "phone_key"},
})

// CanLogIn reports whether the customer has an address and a password, or logs in with an identity provider.
func (c *Customer) CanLogIn() bool {
	return c.ProviderSince != nil || c.PasswordHash != "" && c.Address() != nil
}

// EmailVerified reports whether the customer has proven that the address is theirs.
func (c *Customer) EmailVerified() bool { return c.UnverifiedSince == nil }

// Address returns the customer's e-mail address, nil if they have none.
func (c *Customer) Address() *string { return addressIn(&c.Email) }

func addressIn(text *string) *string {
	if address.Trim(*text) == "" {
		return nil
	}
	return text
}
