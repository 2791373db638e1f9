package auth

import (
	"context"
	"time"
)

// Viewer is the sender of a request: an account, and the session of its access token. An anonymous viewer has only an
// Address.
type Viewer struct {
	Role    Role
	Account ID
	// Session is the id of the session, or of the API key.
	Session ID
	// Key says that the viewer is a program with an API key, and ReadOnly that it can't run mutations.
	Key, ReadOnly bool
	// Unverified says that the account has yet to prove its e-mail address; see Scope.
	Unverified bool
	// Address is the network address of the client, and UserAgent the beginning of what it calls itself.
	Address, UserAgent string
	// Local says that the client is on the server's own machine, and not served by a proxy there. Only an anonymous viewer has it.
	Local bool
	// Expires is when the access token expires, which also ends the viewer's streams.
	Expires time.Time
	// Refused is why the token of an anonymous viewer was refused, nil if there was none. Such a viewer can only log in.
	Refused error
}

// LoggedIn reports whether the viewer has an account.
func (v Viewer) LoggedIn() bool { return v.Role != "" }

// Scope returns what the viewer's queries may see.
func (v Viewer) Scope() Scope {
	return Scope{Role: v.Role, Account: v.Account, Unverified: v.Unverified}
}

type viewerKey struct{}

// WithViewer returns a context with the viewer.
func WithViewer(ctx context.Context, viewer Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, &viewer)
}

// Become makes an account that has just logged in, or may see more now, the viewer of the context, which the payload of the mutation
// is resolved with. The context must not be shared with other fields of the operation.
func Become(ctx context.Context, account Scope, session ID) {
	if viewer, ok := ctx.Value(viewerKey{}).(*Viewer); ok {
		viewer.Role, viewer.Account, viewer.Unverified, viewer.Session = account.Role, account.Account, account.Unverified, session
	}
}

// ViewerFrom returns the viewer of the request; ok is false if nobody is logged in.
func ViewerFrom(ctx context.Context) (viewer Viewer, ok bool) {
	if current, ok := ctx.Value(viewerKey{}).(*Viewer); ok {
		viewer = *current
	}
	return viewer, viewer.LoggedIn()
}

// ScopeFrom returns the scope of the viewer; it sees nothing if nobody is logged in.
func ScopeFrom(ctx context.Context) Scope {
	viewer, _ := ViewerFrom(ctx)
	return viewer.Scope()
}
