package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// ProviderAccount says that somebody whom an identity provider knows logs in to an account. What is known of a person is the provider's
// name for them, not their address, which others may get.
type ProviderAccount struct {
	// ID is derived from the kind of the account, the issuer and the subject, so that these belong to one account.
	ID      store.ID         `db:"_id"`
	Account auth.AudienceKey `db:"account"`
	// Issuer is the provider, and Subject what it calls the person.
	Issuer    string    `db:"issuer"`
	Subject   string    `db:"subject,personal"`
	CreatedAt time.Time `db:"created_at"`
}

// ProviderAccounts declares who logs in with a provider. An account belongs to one person at most at each.
var ProviderAccounts = entity.Declare(entity.Declaration[ProviderAccount]{
	Name: "provider_accounts", Noun: "account at a provider",
	Indexes: []store.Index{
		{Name: "provider_accounts_account", Keys: []store.Key{{Field: "account"}, {Field: "issuer"}}, Unique: true, Reports: "account"},
	},
})

func providerAccountID(kind entity.Kind, issuer, subject string) store.ID {
	return store.DerivedID("provider account", string(kind), issuer, subject)
}
