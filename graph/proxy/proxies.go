// Package proxy finds out who sent a request that proxies have passed on.
package proxy

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"crm/config"
)

// Trusted are the networks whose X-Forwarded-For or Forwarded is trusted.
type Trusted []netip.Prefix

// Parse reads a comma-separated list of addresses and CIDR prefixes.
func Parse(list string) (Trusted, error) {
	var proxies Trusted
	for i, text := range config.List(list) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, addressErr := netip.ParseAddr(text)
			if addressErr != nil {
				return nil, fmt.Errorf("entry %d of the list is neither an address nor a network such as 10.0.0.0/8", i+1)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		proxies = append(proxies, prefix)
	}
	return proxies, nil
}

// Address returns the client's address: if the connection is from a trusted proxy, the last address in X-Forwarded-For or
// Forwarded that isn't one, otherwise the address of the connection.
func (p Trusted) Address(r *http.Request) string {
	host := peerAddress(r)
	if !p.trusts(host) {
		return host
	}
	list, forwarded := r.Header.Values("X-Forwarded-For"), r.Header.Values("Forwarded")
	byList := p.last(host, strings.Split(strings.Join(list, ","), ","))
	if len(forwarded) == 0 {
		return byList
	}
	// A proxy writes one of the headers, and passes on what the client made up in the other.
	byForwarded := p.last(host, forwardedFor(forwarded))
	if len(list) == 0 || byList == byForwarded {
		return byForwarded
	}
	return host
}

// Sent reports whether a request comes from a trusted proxy.
func (p Trusted) Sent(r *http.Request) bool { return p.trusts(peerAddress(r)) }

// last returns the last of these hops that isn't a trusted proxy, host if there is none.
func (p Trusted) last(host string, hops []string) string {
	for i := len(hops) - 1; i >= 0 && p.trusts(host); i-- {
		address, ok := hop(hops[i])
		if !ok {
			break
		}
		host = address.String()
	}
	return host
}

// peerAddress returns the address that a request's connection comes from.
func peerAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (p Trusted) trusts(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, prefix := range p {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
