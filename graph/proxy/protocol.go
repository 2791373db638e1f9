package proxy

import (
	"errors"
	"net"
	"time"

	"github.com/pires/go-proxyproto"
)

// protocolTime is how long a proxy may take to send its header.
const protocolTime = 5 * time.Second

// errLoopback refuses a header by which a client of the proxy would count as a program on this machine.
var errLoopback = errors.New("a header of the PROXY protocol names a loopback address")

// Listen returns a listener whose connections from a trusted proxy have the client's address, from a header of the PROXY protocol
// (version 1 or 2). Such a connection must begin with the header, so that no client can send one of its own through a proxy that
// writes none; only proxies on this machine may leave it out, as crm health does. What others send isn't read as a header.
func (p Trusted) Listen(listener net.Listener) net.Listener {
	return &proxyproto.Listener{
		Listener: listener, ReadHeaderTimeout: protocolTime,
		ConnPolicy: func(from proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			address, ok := from.Upstream.(*net.TCPAddr)
			switch {
			case !ok || !p.trusts(address.IP.String()):
				return proxyproto.SKIP, nil
			case address.IP.IsLoopback():
				return proxyproto.USE, nil
			}
			return proxyproto.REQUIRE, nil
		},
		ValidateHeader: func(header *proxyproto.Header) error {
			if source, ok := header.SourceAddr.(*net.TCPAddr); ok && !header.Command.IsLocal() && source.IP.IsLoopback() {
				return errLoopback
			}
			return nil
		},
	}
}
