package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// Origins are the web origins that may call the server from a browser; "*" among them stands for all.
type Origins []string

// ParseOrigins reads a comma-separated list of origins like https://crm.example.com.
func ParseOrigins(list string) (Origins, error) {
	var origins Origins
	for origin := range strings.SplitSeq(list, ",") {
		origin = strings.TrimSuffix(strings.TrimSpace(origin), "/")
		if origin == "" {
			continue
		}
		parsed, err := url.Parse(origin)
		if origin != "*" && (err != nil || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host) {
			return nil, fmt.Errorf("%q is not an origin like https://crm.example.com", origin)
		}
		origins = append(origins, origin)
	}
	return origins, nil
}

// preflightSeconds is how long a browser may remember what it may send.
const preflightSeconds = 600

// CORS lets browsers on these origins call next. Credentials are allowed to origins that are listed by name only; the
// API needs none, its tokens travel in a header.
func CORS(origins Origins, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return origins.policy().Handler(next)
}

// policy returns what CORS goes by; there is at least one origin.
func (o Origins) policy() *cors.Cors {
	return cors.New(cors.Options{
		AllowedOrigins:   o,
		AllowCredentials: !slices.Contains(o, "*"),
		AllowedMethods:   []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Accept", "X-Request-Id", "X-GraphQL-Cost", "Apollo-Require-Preflight",
			"X-Requested-With",
		},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After", limitHeader, remainingHeader, resetHeader},
		MaxAge:         preflightSeconds,
	})
}

// pages returns a function that reports whether the page that sends a request may: those of the request's own host, and
// those that CORS allows. Nobody but browsers sends an Origin.
func (o Origins) pages() func(r *http.Request) bool {
	listed := func(*http.Request) bool { return false }
	if len(o) > 0 {
		listed = o.policy().OriginAllowed
	}
	return func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if origin == "" {
			return true
		}
		page, err := url.Parse(origin)
		return err == nil && strings.EqualFold(page.Host, r.Host) || listed(r)
	}
}
