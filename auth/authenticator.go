package auth

import (
	"context"
	"fmt"
)

// Sessions looks up which sessions are active.
type Sessions interface {
	// Live returns the viewer with its account's current role. ok is false if the session has ended or the account may no
	// longer log in.
	Live(ctx context.Context, viewer Viewer) (live Viewer, ok bool, err error)
	// LiveKey returns the viewer whom an API key identifies. ok is false if there is no such key, its account may no longer
	// log in, or it may not be used from the address.
	LiveKey(ctx context.Context, id ID, secret, address string) (viewer Viewer, ok bool, err error)
}

// Authenticator identifies the viewer who sends a token.
type Authenticator struct {
	tokens   *Tokens
	sessions Sessions
}

// NewAuthenticator returns an authenticator that accepts tokens of active sessions.
func NewAuthenticator(tokens *Tokens, sessions Sessions) *Authenticator {
	return &Authenticator{tokens: tokens, sessions: sessions}
}

// Authenticate returns the viewer who sent the token, an access token or an API key, from the address. The error is
// ErrInvalidToken for a bad token, and otherwise that of the sessions.
func (a *Authenticator) Authenticate(ctx context.Context, token, address string) (Viewer, error) {
	viewer, err := a.identify(ctx, token, address)
	if err != nil {
		return Viewer{}, err
	}
	viewer.Address = address
	return viewer, nil
}

func (a *Authenticator) identify(ctx context.Context, token, address string) (Viewer, error) {
	if isAPIKey(token) {
		return a.identifyKey(ctx, token, address)
	}
	viewer, err := a.tokens.Verify(token)
	if err != nil {
		return Viewer{}, err
	}
	live, ok, err := a.sessions.Live(ctx, viewer)
	if err != nil {
		return Viewer{}, fmt.Errorf("cannot look up session: %w", err)
	}
	if !ok {
		return Viewer{}, fmt.Errorf("%w: its session has ended", ErrInvalidToken)
	}
	live.Expires = viewer.Expires
	return live, nil
}

func (a *Authenticator) identifyKey(ctx context.Context, token, address string) (Viewer, error) {
	id, secret, ok := parseAPIKey(token)
	if !ok {
		return Viewer{}, ErrInvalidKey
	}
	viewer, ok, err := a.sessions.LiveKey(ctx, id, secret, address)
	if err != nil {
		return Viewer{}, fmt.Errorf("cannot look up API key: %w", err)
	}
	if !ok {
		return Viewer{}, ErrInvalidKey
	}
	return viewer, nil
}
