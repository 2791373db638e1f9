package auth

import (
	"context"
	"fmt"
)

// Sessions knows which log-ins are alive.
type Sessions interface {
	// Live returns the viewer with the role that its account has now; ok is false if the session has ended or the
	// account may not log in any more.
	Live(ctx context.Context, viewer Viewer) (live Viewer, ok bool, err error)
}

// Authenticator tells who sends a token.
type Authenticator struct {
	tokens   *Tokens
	sessions Sessions
}

// NewAuthenticator returns an authenticator for tokens whose sessions live.
func NewAuthenticator(tokens *Tokens, sessions Sessions) *Authenticator {
	return &Authenticator{tokens: tokens, sessions: sessions}
}

// Authenticate returns who sent the token, but for the address. The error is ErrInvalidToken for a bad one, else the sessions' own.
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
		return Viewer{}, fmt.Errorf("%w any more: its session has ended", ErrInvalidToken)
	}
	live.Expires = viewer.Expires
	return live, nil
}
