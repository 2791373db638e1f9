package transport

import (
	"net/http"

	"crm/db/store"
)

// CrossOrigin refuses requests that a browser sends because a page of another origin makes it, unless the origin is one
// of these. The API itself takes no credentials that a browser adds on its own; a proxy in front of it may, and some
// servers are reached only from where the browser is.
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

// guarded returns the request as the protection is to see it. It lets GET pass, but here GET reads what is the viewer's,
// and costs as much as the query does. A GET that a browser asked about before passes, since CORS has answered.
func guarded(r *http.Request) *http.Request {
	if r.Method != http.MethodGet || wasPreflighted(r.Header) {
		return r
	}
	as := *r
	as.Method = http.MethodPost
	return &as
}

// wasPreflighted reports whether a request has a header that a page can't send to another origin unasked.
func wasPreflighted(header http.Header) bool {
	for _, name := range []string{"Apollo-Require-Preflight", "X-Requested-With", "Authorization"} {
		if header.Get(name) != "" {
			return true
		}
	}
	return header.Get("Content-Type") == mediaJSON
}
