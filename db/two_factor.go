package db

import (
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// TwoFactorPolicy says who has to log in with a second factor. Everybody may.
type TwoFactorPolicy string

// The policies.
const (
	TwoFactorForNone   TwoFactorPolicy = "none"
	TwoFactorForAdmins TwoFactorPolicy = "admins"
	TwoFactorForStaff  TwoFactorPolicy = "staff"
)

// ParseTwoFactorPolicy reads one of the policies.
func ParseTwoFactorPolicy(text string) (TwoFactorPolicy, error) {
	switch policy := TwoFactorPolicy(text); policy {
	case TwoFactorForNone, TwoFactorForAdmins, TwoFactorForStaff:
		return policy, nil
	}
	return "", errors.New("must be none, admins or staff")
}

// includes reports whether accounts with a role have to use a second factor.
func (p TwoFactorPolicy) includes(role auth.Role) bool {
	return p == TwoFactorForAdmins && role == auth.Admin || p == TwoFactorForStaff && role.IsStaff()
}

// TwoFactor is the second factor of an account: the secret from which an app makes one-time codes.
type TwoFactor struct {
	// ID is derived from the account, so that an account has one at most.
	ID      store.ID         `db:"_id"`
	Account auth.AudienceKey `db:"account"`
	// Secret is sealed with a key of the server; it is empty if the second factor was removed.
	Secret string `db:"secret,secret"`
	// ConfirmedAt is when the holder entered the first code, which turned it on; nil until then.
	ConfirmedAt *time.Time `db:"confirmed_at"`
	// LastStep is the newest step whose code was accepted: neither that nor those of former steps are accepted again.
	LastStep int `db:"last_step"`
	// RecoveryHashes are the digests of the recovery codes that haven't been used, separated by spaces.
	RecoveryHashes string `db:"recovery_hashes,secret"`
	// CreatedAt is when the secret was made.
	CreatedAt time.Time `db:"created_at"`
}

// TwoFactors declares the second factors.
var TwoFactors = entity.Declare(entity.Declaration[TwoFactor]{Name: "two_factors", Noun: "second factor"})

func twoFactorID(account auth.AudienceKey) store.ID {
	return store.DerivedID("two-factor", string(account))
}

// isOn reports whether log-ins need the second factor.
func (f *TwoFactor) isOn() bool { return f.ConfirmedAt != nil }

// factorIsOn selects the second factors that log-ins need.
func factorIsOn() store.Filter { return store.Not(store.IsNull("confirmed_at")) }

// pendingLife is how long after it was made a secret can be confirmed.
const pendingLife = time.Hour

// isPending reports whether the second factor has a secret that waits for its first code.
func (f *TwoFactor) isPending(now time.Time) bool {
	return f.Secret != "" && !f.isOn() && now.Before(f.CreatedAt.Add(pendingLife))
}

// The recovery codes: 80 random bits each, so that their plain digests can't be reversed.
const (
	recoveryCodes      = 10
	recoveryCharacters = 16
)

// newRecoveryCodes returns recovery codes of an account in groups of four characters, and their digests.
func newRecoveryCodes(account auth.AudienceKey) (codes []string, hashes string) {
	digests := make([]string, recoveryCodes)
	for i := range digests {
		text := rand.Text()[:recoveryCharacters]
		digests[i] = recoveryHash(account, text)
		codes = append(codes, strings.ToLower(text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:]))
	}
	return codes, strings.Join(digests, " ")
}

func (f *TwoFactor) recoveryCodesLeft() int { return len(strings.Fields(f.RecoveryHashes)) }

func recoveryHash(account auth.AudienceKey, plain string) string {
	return hashSecret(string(account) + " " + plain)
}

// plainCode returns a code without what people add to it: spaces, hyphens and small letters.
func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

// TwoFactorState is what the holder of an account and admins may know about its second factor.
type TwoFactorState struct {
	// EnabledAt is when it was turned on; nil if it isn't.
	EnabledAt *time.Time
	// RecoveryCodesLeft is the number of recovery codes that haven't been used.
	RecoveryCodesLeft int
	// Required says that the account has to have one.
	Required bool
}
