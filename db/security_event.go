package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// SecurityEventKind is what happened that concerns the security of an account.
type SecurityEventKind string

// The kinds of security events.
const (
	SecurityLoggedIn        SecurityEventKind = "LOGGED_IN"
	SecurityLogInFailed     SecurityEventKind = "LOG_IN_FAILED"
	SecurityLogInsLimited   SecurityEventKind = "LOG_INS_LIMITED"
	SecuritySessionEnded    SecurityEventKind = "SESSION_ENDED"
	SecurityTokenReused     SecurityEventKind = "REFRESH_TOKEN_REUSED"
	SecurityPasswordChanged SecurityEventKind = "PASSWORD_CHANGED"
	SecurityPasswordReset   SecurityEventKind = "PASSWORD_RESET"
	SecurityEmailChanged    SecurityEventKind = "EMAIL_CHANGED"
	SecurityRoleChanged     SecurityEventKind = "ROLE_CHANGED"
	SecurityAPIKeyCreated   SecurityEventKind = "API_KEY_CREATED"
	SecurityAPIKeyRevoked   SecurityEventKind = "API_KEY_REVOKED"

	SecurityTwoFactorEnabled     SecurityEventKind = "TWO_FACTOR_ENABLED"
	SecurityTwoFactorDisabled    SecurityEventKind = "TWO_FACTOR_DISABLED"
	SecurityTwoFactorReset       SecurityEventKind = "TWO_FACTOR_RESET"
	SecurityTwoFactorFailed      SecurityEventKind = "TWO_FACTOR_FAILED"
	SecurityRecoveryCodeUsed     SecurityEventKind = "RECOVERY_CODE_USED"
	SecurityRecoveryCodesRenewed SecurityEventKind = "RECOVERY_CODES_RENEWED"

	SecurityProviderLinked   SecurityEventKind = "PROVIDER_LINKED"
	SecurityProviderUnlinked SecurityEventKind = "PROVIDER_UNLINKED"
)

// SecurityEvent is something that happened and concerns the security of an account. Changes that are events themselves, such as that
// of a role, are here as well, so that their owners find all in one list.
type SecurityEvent struct {
	ID      store.ID `db:"_id"`
	Account store.ID `db:"account_id"`
	// Staff says whether the account is a user or a customer.
	Staff bool              `db:"staff"`
	Kind  SecurityEventKind `db:"kind"`
	// ActorID is the user who did it, if that was not the account itself.
	ActorID *store.ID `db:"actor_id" belongs:"User,keep"`
	// APIKeyID is the API key that was used, nil if a person did it.
	APIKeyID *store.ID `db:"api_key_id"`
	// Device and Network are those of the client, nil if it isn't known or there was none.
	Device    *string   `db:"device,personal"`
	Network   *string   `db:"network,personal"`
	CreatedAt time.Time `db:"created_at"`
}

// SecurityEvents declares the security events. An account sees its own.
var SecurityEvents = entity.Declare(entity.Declaration[SecurityEvent]{
	Kind: "sec", Name: "security_events", Noun: "security event",
	Visible:  []entity.Grant{entity.ToUser("account_id").If("staff", true), entity.ToCustomer("account_id").If("staff", false).EvenUnverified()},
	Computed: map[string][]string{"apiKeyId": {"api_key_id"}, "accountId": {"account_id", "staff"}},
	Volatile: true,
	Indexes: []store.Index{
		{Name: "security_events_account_created", Keys: []store.Key{{Field: "account_id"}, {Field: "created_at"}, {Field: "_id"}}},
		{Name: "security_events_created", Keys: []store.Key{{Field: "created_at"}, {Field: "_id"}}},
	},
})

// securityEventRetention is how long security events are kept.
const securityEventRetention = 90 * 24 * time.Hour

// AccountID returns the global id of the account.
func (e *SecurityEvent) AccountID() string { return accountKind(e.Staff).GlobalID(e.Account) }

// APIKey returns the global id of the API key that was used, nil if none was.
func (e *SecurityEvent) APIKey() *string {
	if e.APIKeyID == nil {
		return nil
	}
	id := KindAPIKey.GlobalID(*e.APIKeyID)
	return &id
}

// Owner returns the key of the account.
func (e *SecurityEvent) Owner() auth.AudienceKey { return auth.AudienceKey(e.AccountID()) }

// accountKind returns the kind of the accounts that are staff, or that aren't.
func accountKind(staff bool) entity.Kind {
	if staff {
		return KindUser
	}
	return KindCustomer
}
