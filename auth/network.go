package auth

import "net/netip"

// Network returns what counts as one client's network address: the address, and of IPv6, where whoever has one address
// has a network of them, that network. It is the zero Prefix for what is no address.
func Network(address string) netip.Prefix {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	parsed = parsed.Unmap().WithZone("")
	bits := parsed.BitLen()
	if parsed.Is6() {
		bits = 64
	}
	network, _ := parsed.Prefix(bits) // which an address has
	return network
}
