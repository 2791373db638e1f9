package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"crm/auth"
)

// ForOperator serves next to whoever runs the server: on the machine itself, under a name of the machine, and to admins
// elsewhere. Authenticate must have added the viewer.
func ForOperator(proxies Trusted, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		viewer, _ := auth.ViewerFrom(r.Context())
		switch {
		case viewer.Role == auth.Admin, proxies.IsLocal(r):
			next.ServeHTTP(w, r)
			return
		case viewer.LoggedIn():
			w.WriteHeader(http.StatusForbidden)
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte("Only those on the server's machine, at http://localhost, and admins may see this. " +
			"Admins send their access token in the header Authorization: Bearer …\n"))
	})
}

// IsLocal reports whether a request comes from a program on this machine that asks for it by a loopback name. A page of
// another origin isn't one, even if it has a name that leads here, nor is whoever a proxy on this machine serves.
func (p Trusted) IsLocal(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	if !isOwnPage(r) {
		return false
	}
	peer := peerAddress(r)
	address, err := netip.ParseAddr(peer)
	return err == nil && address.Unmap().IsLoopback() && !p.trusts(peer) && isLoopbackName(r.Host)
}

// isOwnPage reports whether a request comes from a page that this server has served, such as the playground, or from no page.
func isOwnPage(r *http.Request) bool {
	text := r.Header.Get("Origin")
	origin, err := url.Parse(text)
	return text == "" || err == nil && origin.Host == r.Host
}

// isLoopbackName reports whether a host, perhaps with a port, always is the machine itself.
func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
