package auth

import (
	"context"
	"time"
)

// Viewer is who makes a request: an account, and the session that its access token belongs to. Of somebody who isn't
// logged in, only the Address is known.
type Viewer struct {
	Role    Role
	Account ID
	Session ID
	// Address is the network address that the request comes from.
	Address string
	// Expires is when the access token does, and with it what goes on in the viewer's name.
	Expires time.Time
}

// LoggedIn reports whether the viewer has an account.
func (v Viewer) LoggedIn() bool { return v.Role != "" }

// Scope returns what the viewer's queries may see.
func (v Viewer) Scope() Scope { return Scope{Role: v.Role, Account: v.Account} }

type viewerKey struct{}

// WithViewer returns a context in which the viewer is known.
func WithViewer(ctx context.Context, viewer Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, viewer)
}

// ViewerFrom returns who makes the request; ok is false if nobody is logged in.
func ViewerFrom(ctx context.Context) (viewer Viewer, ok bool) {
	viewer, _ = ctx.Value(viewerKey{}).(Viewer)
	return viewer, viewer.LoggedIn()
}

// ScopeFrom returns the scope of whoever makes the request; it sees nothing if nobody is logged in.
func ScopeFrom(ctx context.Context) Scope {
	viewer, _ := ViewerFrom(ctx)
	return viewer.Scope()
}
