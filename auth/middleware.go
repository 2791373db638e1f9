package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
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
	proxies  Proxies
	log      *slog.Logger
}

// NewAuthenticator returns an authenticator for tokens whose sessions live.
func NewAuthenticator(tokens *Tokens, sessions Sessions, proxies Proxies, log *slog.Logger) *Authenticator {
	return &Authenticator{tokens: tokens, sessions: sessions, proxies: proxies, log: log}
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

// Middleware puts the viewer into the request's context. A request without Authorization is anonymous; one with a bad
// token is answered with 401, and one that can't be decided with 503, as GraphQL clients expect errors to look.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer, err := a.viewer(r)
		switch {
		case errors.Is(err, ErrInvalidToken):
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			writeError(w, r, http.StatusUnauthorized, err.Error(), "UNAUTHENTICATED")
		case err != nil:
			a.log.ErrorContext(r.Context(), "cannot authenticate", "error", err)
			w.Header().Set("Retry-After", "1")
			writeError(w, r, http.StatusServiceUnavailable, "the database can't be reached", "UNAVAILABLE")
		default:
			viewer.Address = a.proxies.Address(r)
			next.ServeHTTP(w, r.WithContext(WithViewer(r.Context(), viewer)))
		}
	})
}

// viewer returns who sends the request: nobody, if it has no token.
func (a *Authenticator) viewer(r *http.Request) (Viewer, error) {
	token, err := BearerToken(r.Header.Get("Authorization"))
	if err != nil || token == "" {
		return Viewer{}, err
	}
	return a.Authenticate(r.Context(), token)
}

// BearerToken returns the token that an Authorization header has, or "" if it has none. A header editor that is preset
// with "Bearer " and was left alone has none either.
func BearerToken(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		return "", fmt.Errorf("%w: the Authorization header must be: Bearer <access token>", ErrInvalidToken)
	}
	return strings.TrimSpace(token), nil
}

// writeError writes a GraphQL error response. message is one of ours and has nothing to escape.
func writeError(w http.ResponseWriter, r *http.Request, status int, message, code string) {
	w.Header().Set("Content-Type", refusalMedia(r)+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"message":%q,"extensions":{"code":%q}}]}`, message, code)
}

// refusalMedia returns the media type for an answer with a status of HTTP's errors. That of GraphQL, if the client knows
// it: it reads the code then, where it would take application/json for an answer of some proxy.
func refusalMedia(r *http.Request) string {
	const media = "application/graphql-response+json"
	if strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), media) {
		return media
	}
	return "application/json"
}
