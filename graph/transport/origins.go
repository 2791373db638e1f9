package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"

	"crm/config"
)

// Origins are the web origins whose pages may call the server, besides its own. The zero value contains none. CORS,
// CrossOrigin and the sockets all use it.
type Origins struct{ policy *cors.Cors }

// ParseOrigins reads a comma-separated list of origins like https://crm.example.com; "*" allows all.
func ParseOrigins(list string) (Origins, error) {
	var origins []string
	for i, origin := range config.List(list) {
		origin = strings.TrimSuffix(origin, "/")
		parsed, err := url.Parse(origin)
		if origin != "*" && (err != nil || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host) {
			return Origins{}, fmt.Errorf("entry %d of the list is not an origin such as https://crm.example.com", i+1)
		}
		origins = append(origins, origin)
	}
	if len(origins) == 0 {
		return Origins{}, nil // package cors takes an empty list to mean all
	}
	return Origins{policy: newPolicy(origins)}, nil
}

// preflightSeconds is how long a browser may cache the result of a preflight.
const preflightSeconds = 600

// newPolicy returns the CORS policy for these origins. Only origins that are listed by name may send credentials; the API
// itself needs none, because its tokens are in a header. Pages of these origins may send any header: tracing libraries and
// GraphQL clients add headers of their own, and a single refused one would make every call fail.
func newPolicy(origins []string) *cors.Cors {
	return cors.New(cors.Options{
		AllowedOrigins:   origins,
		AllowCredentials: !slices.Contains(origins, "*"),
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut},
		AllowedHeaders:   []string{"*"},
		ExposedHeaders:   []string{requestIDHeader, "Retry-After", limitHeader, remainingHeader, resetHeader},
		MaxAge:           preflightSeconds,
	})
}

// CORS lets pages of these origins call next.
func CORS(origins Origins, next http.Handler) http.Handler {
	if origins.policy == nil {
		return next
	}
	return origins.policy.Handler(next)
}

// list reports whether these origins contain the origin of a request. Only browsers send the header Origin.
func (o Origins) list(r *http.Request) bool {
	return o.policy != nil && r.Header.Get("Origin") != "" && o.policy.OriginAllowed(r)
}

// allow reports whether a request comes from no page, from a page of this host, or from one of these origins.
func (o Origins) allow(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && strings.EqualFold(page.Host, r.Host) || o.list(r)
}
