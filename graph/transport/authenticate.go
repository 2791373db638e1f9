package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db/store"
	"crm/graph/apierror"
)

// Authenticate adds the viewer to the request's context. A request without Authorization is anonymous. A bad token gets
// status 401, and a session that can't be checked at the moment gets 503, both with the errors that GraphQL clients expect.
func Authenticate(authenticator Authenticator, proxies Proxies, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer, err := requestViewer(authenticator, r)
		switch {
		case errors.Is(err, auth.ErrInvalidToken):
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			writeRefusal(w, r, http.StatusUnauthorized, store.Errorf(store.Unauthenticated, "%s", err.Error()))
		case err != nil:
			log.ErrorContext(r.Context(), "cannot authenticate", "requestId", RequestID(r.Context()), "error", err)
			w.Header().Set("Retry-After", "1")
			writeRefusal(w, r, http.StatusServiceUnavailable, store.Errorf(store.Unavailable, "the database can't be reached"))
		default:
			viewer.Address = proxies.Address(r)
			next.ServeHTTP(w, r.WithContext(auth.WithViewer(r.Context(), viewer)))
		}
	})
}

// requestViewer returns the viewer who sends the request, or an anonymous one if it has no token.
func requestViewer(authenticator Authenticator, r *http.Request) (auth.Viewer, error) {
	token, err := bearerToken(r.Header.Get("Authorization"))
	if err != nil || token == "" {
		return auth.Viewer{}, err
	}
	return authenticator.Authenticate(r.Context(), token)
}

// bearerToken returns the token in an Authorization header, or "". The header may be just "Bearer ", which the playground's
// header editor contains by default.
func bearerToken(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		return "", fmt.Errorf("%w: the Authorization header must be: Bearer <access token>", auth.ErrInvalidToken)
	}
	return strings.TrimSpace(token), nil
}

// writeRefusal responds to a request that doesn't reach the executor.
func writeRefusal(w http.ResponseWriter, r *http.Request, status int, err *store.Error) {
	format := responseFormat{media: negotiate(r.Header).media}
	writeResponse(w, format, status, &graphql.Response{Errors: gqlerror.List{apierror.Coded(err)}})
}
