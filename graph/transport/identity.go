package transport

import (
	"context"
	"errors"
	"net/http"

	"crm/auth"
	"crm/db/store"
)

// Authenticator identifies the sender of an access token or API key, from an address. Its error is auth.ErrInvalidToken for a bad one.
type Authenticator interface {
	Authenticate(ctx context.Context, token, address string) (auth.Viewer, error)
}

// identity is the viewer of a stream. It is checked repeatedly, because sessions end and roles change while a stream is
// open.
type identity struct {
	authenticator Authenticator
	token         string
	viewer        auth.Viewer
}

// requestIdentity returns the identity of a request whose token has been verified.
func requestIdentity(authenticator Authenticator, r *http.Request) identity {
	viewer, _ := auth.ViewerFrom(r.Context())
	if viewer.Refused != nil {
		return identity{authenticator: authenticator, viewer: viewer}
	}
	token, _ := bearerToken(r.Header.Get("Authorization"))
	return identity{authenticator: authenticator, token: token, viewer: viewer}
}

// as returns the identity for another Authorization header from the same address.
func (i identity) as(ctx context.Context, authorization string) (identity, error) {
	token, err := bearerToken(authorization)
	if err != nil || token == "" {
		return i, err
	}
	if i.authenticator == nil {
		return i, auth.ErrInvalidToken
	}
	viewer, err := i.authenticator.Authenticate(ctx, token, i.viewer.Address)
	if err != nil {
		return i, err
	}
	viewer.UserAgent = i.viewer.UserAgent
	return identity{authenticator: i.authenticator, token: token, viewer: viewer}, nil
}

// check verifies that the session is still valid and what the account may do unchanged. Its error has the code UNAUTHENTICATED if not, and
// UNAVAILABLE if that can't be determined at the moment.
func (i identity) check(ctx context.Context) *store.Error {
	if i.authenticator == nil || i.token == "" {
		return nil
	}
	viewer, err := i.authenticator.Authenticate(ctx, i.token, i.viewer.Address)
	switch {
	case errors.Is(err, auth.ErrInvalidToken):
		return store.Errorf(store.Unauthenticated, "%s", err.Error())
	case err != nil:
		return &store.Error{Code: store.Unavailable, Message: "the database can't be reached", Err: err}
	case viewer.Scope() != i.viewer.Scope():
		return store.Errorf(store.Unauthenticated, "what the account may do has changed; connect again")
	}
	return nil
}

// errExpired ends the operations of an expired token.
func errExpired() *store.Error {
	return store.Errorf(store.Unauthenticated, "%s", auth.ErrExpiredToken.Error())
}
