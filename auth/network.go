package auth

import "net/netip"

// Network returns the network that counts as one client: the address itself, or for IPv6 its /64, because an IPv6 client
// usually has a whole network. It is the zero Prefix if the text is not an address.
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
	network, _ := parsed.Prefix(bits) // can't fail: bits is in range
	return network
}
