package oidc

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"crm/auth"
	"crm/db/store"
)

// Proof is three random texts that tie a provider's answer to the log-in that it is for. Before the answer, the provider gets only a digest of
// the Verifier.
type Proof struct{ State, Nonce, Verifier string }

// NewProof returns a new proof.
func NewProof() Proof {
	return Proof{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
}

// Address returns the address at which somebody logs in at the provider.
func (p *Provider) Address(ctx context.Context, proof Proof) (string, error) {
	known, err := p.endpoints(ctx)
	if err != nil {
		return "", err
	}
	return known.oauth.AuthCodeURL(proof.State, goidc.Nonce(proof.Nonce), oauth2.S256ChallengeOption(proof.Verifier)), nil
}

// Answer is what a provider has sent somebody back with.
type Answer struct {
	Code string
	// Issuer is what the provider calls itself there; nil if it doesn't.
	Issuer *string
}

// Identity is who somebody is at a provider.
type Identity struct {
	Issuer, Subject string
	// Email is their address, and Verified says that the provider has found out that it is theirs.
	Email    string
	Verified bool
	Name     string
	// MapsRole says that the provider decides which role a user has; then Role is empty for somebody who is to have none.
	MapsRole bool
	Role     auth.Role
}

// maxSubject is how long a subject may be.
const maxSubject = 255

// Identify exchanges the code in an answer, and returns who has logged in. A code that the provider refuses is BAD_USER_INPUT, an ID token that
// isn't for this log-in UNAUTHENTICATED; no error contains a code, a token or the client's secret.
func (p *Provider) Identify(ctx context.Context, answer Answer, proof Proof) (*Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	known, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	// Another provider, to which somebody was led, must not get a code of this one accepted here, nor this one a code of the other.
	if answer.Issuer == nil && known.namesItself || answer.Issuer != nil && *answer.Issuer != p.issuer {
		return nil, store.FieldError(store.BadInput, "input.iss", "is not the provider that the log-in was started at")
	}
	token, err := p.exchange(goidc.ClientContext(ctx, newClient()), known, answer.Code, proof.Verifier)
	if err != nil {
		return nil, err
	}
	text, _ := token.Extra("id_token").(string)
	verified, err := known.verifier.Verify(ctx, text)
	if err != nil {
		return nil, errInvalid(err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(proof.Nonce)) != 1 {
		return nil, errInvalid(errors.New("the ID token has another nonce"))
	}
	return p.read(verified)
}

// exchange exchanges a code for tokens.
func (p *Provider) exchange(ctx context.Context, known *endpoints, code, verifier string) (*oauth2.Token, error) {
	token, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err == nil {
		return token, nil
	}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return nil, p.unreachable(fmt.Errorf("cannot exchange the code: %w", err))
	}
	// The body isn't part of the error: it may repeat what was sent.
	reason := fmt.Errorf("the provider answers %d %s", refused.Response.StatusCode, errorCode.FindString(refused.ErrorCode))
	if refused.Response.StatusCode != http.StatusBadRequest || slices.Contains(misconfigured, refused.ErrorCode) {
		return nil, p.unreachable(reason)
	}
	wrong := store.FieldError(store.BadInput, "input.code", "is not accepted by the provider: it has expired, or was used before")
	wrong.Err = reason
	return nil, wrong
}

// misconfigured are the codes of errors (RFC 6749, 5.2) that are the operator's, whatever the code that was to be exchanged.
var misconfigured = []string{"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

// errorCode matches a code of an error (RFC 6749, 5.2), as far as it is one.
var errorCode = regexp.MustCompile(`^[a-z_]{0,40}`)

// errInvalid is the error of an ID token that isn't accepted.
func errInvalid(cause error) error {
	return &store.Error{Code: store.Unauthenticated, Message: "the provider's answer isn't valid for this log-in; log in again", Err: cause}
}

// read returns what a verified ID token says.
func (p *Provider) read(token *goidc.IDToken) (*Identity, error) {
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return nil, errInvalid(fmt.Errorf("cannot read the claims: %w", err))
	}
	text := func(name string) string {
		value, _ := claims[name].(string)
		return strings.TrimSpace(value)
	}
	if party := text("azp"); party != p.clientID && (party != "" || len(token.Audience) > 1) {
		return nil, errInvalid(errors.New("the ID token was issued to another client"))
	}
	if token.Subject == "" || len(token.Subject) > maxSubject {
		return nil, errInvalid(errors.New("the ID token has no subject that can be used"))
	}
	identity := &Identity{
		// The configured name, because Google has two.
		Issuer: p.issuer, Subject: token.Subject, Email: text("email"),
		// Some providers write it as a text.
		Verified: claims["email_verified"] == true || claims["email_verified"] == "true",
		Name:     cmp.Or(text("name"), strings.TrimSpace(text("given_name")+" "+text("family_name"))),
		MapsRole: p.roleClaim != "",
	}
	if identity.MapsRole {
		identity.Role = p.roleOf(valuesOf(claims, p.roleClaim))
	}
	return identity, nil
}

// roleOf returns the role of a user whose claim has these values, empty if they are to have none.
func (p *Provider) roleOf(values []string) auth.Role {
	hasOne := func(of []string) bool {
		return slices.ContainsFunc(values, func(value string) bool { return slices.Contains(of, value) })
	}
	switch {
	case hasOne(p.adminValues):
		return auth.Admin
	case len(p.userValues) == 0, hasOne(p.userValues):
		return auth.User
	}
	return ""
}

// valuesOf returns the texts in a claim, which is one or has a list of them. A name with dots is that of a claim, or leads into one.
func valuesOf(claims map[string]any, name string) []string {
	value, ok := claims[name]
	if outer, inner, nested := strings.Cut(name, "."); !ok && nested {
		if object, isObject := claims[outer].(map[string]any); isObject {
			return valuesOf(object, inner)
		}
		return nil
	}
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var values []string
		for _, element := range value {
			if text, ok := element.(string); ok {
				values = append(values, text)
			}
		}
		return values
	}
	return nil
}
