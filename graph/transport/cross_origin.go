package transport

import (
	"net/http"

	"crm/db/store"
)

// CrossOrigin refuses requests that a browser sends for a page of another origin, unless that is one of origins. The API
// itself uses no credentials that browsers add by themselves, but a proxy in front of it may, and some servers can be
// reached only from the browser's network.
func CrossOrigin(origins Origins, next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if protection.Check(guarded(r)) == nil || origins.list(r) {
			next.ServeHTTP(w, r)
			return
		}
		refused := store.Errorf(store.Forbidden, "a page of another origin may not send this; ALLOWED_ORIGINS lists those that may")
		writeRefusal(w, r, http.StatusForbidden, refused)
	})
}

// guarded returns the request in the form to be checked. The check would allow any GET or HEAD, but here they read the
// viewer's data and cost as much as their query. A preflighted GET passes, because CORS has already checked its origin.
func guarded(r *http.Request) *http.Request {
	if (r.Method != http.MethodGet && r.Method != http.MethodHead) || wasPreflighted(r.Header) {
		return r
	}
	as := *r
	as.Method = http.MethodPost
	return &as
}

// wasPreflighted reports whether a request has a header that a page can't send to another origin without a preflight.
func wasPreflighted(header http.Header) bool {
	for _, name := range []string{"Apollo-Require-Preflight", "X-Requested-With", "Authorization"} {
		if header.Get(name) != "" {
			return true
		}
	}
	return header.Get("Content-Type") == mediaJSON
}
