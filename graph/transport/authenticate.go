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

// Authenticate puts the viewer into the request's context. A request without Authorization is anonymous; one with a bad
// token is answered with 401, and one whose sender can't be looked up now with 503, as GraphQL clients expect errors to look.
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

// requestViewer returns who sends the request: nobody, if it has no token.
func requestViewer(authenticator Authenticator, r *http.Request) (auth.Viewer, error) {
	token, err := bearerToken(r.Header.Get("Authorization"))
	if err != nil || token == "" {
		return auth.Viewer{}, err
	}
	return authenticator.Authenticate(r.Context(), token)
}

// bearerToken returns the token that an Authorization header has, or "" if it has none. A header editor that is preset
// with "Bearer " and was left alone has none either.
func bearerToken(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		return "", fmt.Errorf("%w: the Authorization header must be: Bearer <access token>", auth.ErrInvalidToken)
	}
	return strings.TrimSpace(token), nil
}

// writeRefusal answers a request that doesn't reach the executor.
func writeRefusal(w http.ResponseWriter, r *http.Request, status int, err *store.Error) {
	format := answerFormat{media: negotiate(r.Header).media}
	writeResponse(w, format, status, &graphql.Response{Errors: gqlerror.List{apierror.Coded(err)}})
}
