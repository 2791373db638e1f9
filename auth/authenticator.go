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

// Authenticate returns the viewer who sent the token, without the address. The error is ErrInvalidToken for a bad token,
// and otherwise that of the sessions.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (Viewer, error) {
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
