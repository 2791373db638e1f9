package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/proxy"
)

// Authenticate adds the viewer to the request's context. A request without Authorization is anonymous. So is one with a bad
// token, which is refused once it is known not to log in. A session that can't be checked at the moment gets status 503,
// with the error that GraphQL clients expect.
func Authenticate(authenticator Authenticator, proxies proxy.Trusted, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := proxies.Address(r)
		viewer, err := requestViewer(authenticator, r, address)
		switch {
		case errors.Is(err, auth.ErrInvalidToken):
			viewer = auth.Viewer{Refused: err, Address: address}
		case err != nil:
			log.ErrorContext(r.Context(), "cannot authenticate", "requestId", RequestID(r.Context()), "error", err)
			w.Header().Set("Retry-After", "1")
			writeRefusal(w, r, http.StatusServiceUnavailable, store.Errorf(store.Unavailable, "the database can't be reached"))
			return
		}
		viewer.UserAgent = userAgent(r)
		viewer.Local = !viewer.LoggedIn() && proxies.IsLocal(r)
		next.ServeHTTP(w, r.WithContext(auth.WithViewer(r.Context(), viewer)))
	})
}

// refusedToken returns the refusal of a request with a bad token, nil if it has none or runs only operations that log in.
// An operation is nil if the request's document is not known, which is then the reason to refuse it.
func refusedToken(ctx context.Context, operations ...*ast.OperationDefinition) *refusal {
	viewer, _ := auth.ViewerFrom(ctx)
	if viewer.Refused == nil || !slices.ContainsFunc(operations, func(o *ast.OperationDefinition) bool { return o != nil && !logsIn(o) }) {
		return nil
	}
	return invalidToken(viewer.Refused)
}

// maxUserAgent is how many bytes of a client's User-Agent are kept: browsers send about 120.
const maxUserAgent = 256

// userAgent returns what a client calls itself.
func userAgent(r *http.Request) string {
	text := r.UserAgent()
	return strings.Clone(text[:min(len(text), maxUserAgent)]) // the request's memory isn't kept for as long as its stream
}

func invalidToken(err error) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, header: "WWW-Authenticate", value: `Bearer error="invalid_token"`,
		err: store.Errorf(store.Unauthenticated, "%s", err.Error()),
	}
}

// logsIn reports whether an operation needs no token: it has only mutations for everybody, such as those that log in,
// refresh a session or create an account. Their clients often still send the token that has expired.
func logsIn(operation *ast.OperationDefinition) bool {
	return operation.Operation == ast.Mutation && allPublic(operation.SelectionSet)
}

func allPublic(selections ast.SelectionSet) bool {
	return !slices.ContainsFunc(selections, func(selection ast.Selection) bool {
		switch s := selection.(type) {
		case *ast.Field:
			return s.Name != "__typename" && s.Definition.Directives.ForName("public") == nil
		case *ast.InlineFragment:
			return !allPublic(s.SelectionSet)
		case *ast.FragmentSpread:
			return !allPublic(s.Definition.SelectionSet)
		}
		return true
	})
}

// requestViewer returns the viewer who sends the request from an address, or an anonymous one if it has no token.
func requestViewer(authenticator Authenticator, r *http.Request, address string) (auth.Viewer, error) {
	token, err := bearerToken(r.Header.Get("Authorization"))
	if err != nil || token == "" {
		return auth.Viewer{Address: address}, err
	}
	return authenticator.Authenticate(r.Context(), token, address)
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
