package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"crm/auth/oidc"
	"crm/db/entity"
	"crm/db/store"
)

const (
	// providerAttemptLife is how long somebody may take to log in at a provider.
	providerAttemptLife = 10 * time.Minute
	attemptPurpose      = "log-in at a provider"
)

// providerLimit is how many log-ins at providers may fail from one network. Each of them may cost a request to a provider.
var providerLimit = limit{15 * time.Minute, 100, "too many failed log-ins"}

// Providers returns the identity providers that people can log in with.
func (d *DB) Providers() oidc.Providers { return d.options.Providers }

// ProviderAttempt is a log-in at an identity provider that has begun.
type ProviderAttempt struct {
	// Address is where to log in.
	Address string
	// Token is for the client to keep, and to complete the log-in with. It is sealed.
	Token     string
	ExpiresAt time.Time
}

// providerAttempt is the content of a ProviderAttempt's token.
type providerAttempt struct {
	Provider string `json:"provider"`
	// Issuer is what the provider calls itself, so that an attempt ends when the operator gives the name to another one.
	Issuer    string      `json:"issuer"`
	Kind      entity.Kind `json:"kind"`
	Proof     oidc.Proof  `json:"proof"`
	ExpiresAt time.Time   `json:"expires"`
}

// StartProviderLogIn begins a log-in to an account of that kind. It is BAD_USER_INPUT if there is no such provider for these accounts, and
// UNAVAILABLE if the provider doesn't answer.
func (d *DB) StartProviderLogIn(ctx context.Context, name string, kind entity.Kind) (*ProviderAttempt, error) {
	provider, ok := d.options.Providers.Find(name)
	if !ok || !provider.Serves(kind == KindUser) {
		return nil, store.FieldError(store.BadInput, "input.provider", "is none that these accounts are logged in to with; logInProviders lists them")
	}
	attempt := providerAttempt{Provider: name, Issuer: provider.Issuer(), Kind: kind, Proof: oidc.NewProof(), ExpiresAt: d.now().Add(providerAttemptLife)}
	address, err := provider.Address(ctx, attempt.Proof)
	if err != nil {
		d.options.Log.WarnContext(ctx, "cannot use an identity provider", "provider", name, "error", err)
		return nil, err
	}
	text, err := json.Marshal(attempt)
	if err != nil {
		return nil, fmt.Errorf("cannot start a log-in: %w", err)
	}
	return &ProviderAttempt{Address: address, Token: d.attempts.Seal(string(text), attemptPurpose), ExpiresAt: attempt.ExpiresAt}, nil
}

// ProviderAnswer is what a provider has sent somebody back with, and the attempt that it is the answer to.
type ProviderAnswer struct {
	Attempt, State string
	oidc.Answer
}

// openAttempt returns the attempt that an answer is for, and its provider. It is BAD_USER_INPUT if it is for none: then somebody else may
// have led the client here, to make it use their account.
func (d *DB) openAttempt(answer ProviderAnswer) (*providerAttempt, *oidc.Provider, error) {
	text, ok := d.attempts.Open(answer.Attempt, attemptPurpose)
	var attempt providerAttempt
	if !ok || json.Unmarshal([]byte(text), &attempt) != nil || !d.now().Before(attempt.ExpiresAt) {
		return nil, nil, store.FieldError(store.BadInput, "input.attempt", "is not valid, or has expired: log in again")
	}
	provider, ok := d.options.Providers.Find(attempt.Provider)
	if !ok || provider.Issuer() != attempt.Issuer || !provider.Serves(attempt.Kind == KindUser) {
		return nil, nil, store.FieldError(store.BadInput, "input.attempt", "is for a provider that can't be used any more")
	}
	if !isEqual(answer.State, attempt.Proof.State) {
		return nil, nil, store.FieldError(store.BadInput, "input.state", "is not that of this attempt: log in again")
	}
	return &attempt, provider, nil
}

// ProviderLogIn is what a log-in at a provider did: it started a session, or needs a second step.
type ProviderLogIn struct {
	Session      *Session
	RefreshToken string
	// Challenge is the second step; nil if there is a session.
	Challenge *Challenge
}

// CompleteProviderLogIn logs in to the account of whoever has logged in at a provider, from that network address. Errors are those of
// openAttempt, oidc.Provider.Identify and accountFor, and RATE_LIMITED after too many.
func (d *DB) CompleteProviderLogIn(ctx context.Context, answer ProviderAnswer, address string) (*ProviderLogIn, error) {
	try := &LoginAttempt{ID: store.NewID(), Key: "provider:" + addressKey(address), At: d.now()}
	if err := d.begin(ctx, try, providerLimit); err != nil {
		return nil, d.refused(ctx, KindUser, store.ID{}, address, err)
	}
	attempt, provider, err := d.openAttempt(answer)
	if err != nil {
		return nil, d.refused(ctx, KindUser, store.ID{}, address, err)
	}
	identity, err := provider.Identify(ctx, answer.Answer, attempt.Proof)
	if err != nil {
		d.options.Log.WarnContext(ctx, "cannot use an identity provider's answer", "provider", provider.Name, "error", err)
		return nil, d.refused(ctx, attempt.Kind, store.ID{}, address, err)
	}
	holder, err := d.accountFor(ctx, providerVisit{provider: provider, kind: attempt.Kind, identity: identity, address: address})
	if err != nil {
		return nil, err
	}
	if err := d.forget(ctx, store.Eq("_id", try.ID)); err != nil {
		return nil, err
	}
	challenge, needed, err := d.secondStep(ctx, holder)
	if err != nil {
		return nil, err
	}
	if needed {
		return &ProviderLogIn{Challenge: challenge}, nil
	}
	session, token, err := d.startSessionOf(ctx, holder)
	if err != nil {
		return nil, err
	}
	// If the identity has been unlinked since it was looked up, that may not have found this session.
	bound, ok, err := d.boundAccount(ctx, providerAccountID(attempt.Kind, identity.Issuer, identity.Subject))
	if err == nil && (!ok || bound != holder.key()) {
		err = errNoAccount()
	}
	if err != nil {
		return nil, errors.Join(err, d.EndSession(ctx, session.ID))
	}
	return &ProviderLogIn{Session: session, RefreshToken: token}, nil
}
