package transport

import (
	"net/http"
	"testing"
)

func TestParseProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		list string
		n    int
		ok   bool
	}{
		{"", 0, true},
		{" , ", 0, true},
		{"10.0.0.1", 1, true},
		{"10.0.0.0/8, 192.168.1.1 ,::1,fd00::/8", 4, true},
		{"10.0.0.0/33", 0, false},
		{"10.0.0.256", 0, false},
		{"proxy.example.com", 0, false},
		{"10.0.0.1,*", 0, false},
	} {
		proxies, err := ParseProxies(test.list)
		if (err == nil) != test.ok || len(proxies) != test.n {
			t.Errorf("%q gives %v, %v", test.list, proxies, err)
		}
	}
}

func TestAddressUsesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, proxies, peer string
		forwarded           []string
		want                string
	}{
		{"no proxy", "", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"a header that anybody may send", "", "192.0.2.1:1234", []string{"198.51.100.1"}, "192.0.2.1"},
		{"a header from a peer that isn't a proxy", "10.0.0.0/8", "192.0.2.1:1234", []string{"198.51.100.1"}, "192.0.2.1"},
		{"behind one proxy", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1"}, "192.0.2.1"},
		{"behind two proxies", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"in two headers", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		{"the client made up the first hop", "10.0.0.0/8", "10.0.0.1:1234", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{"the client made up a proxy", "10.0.0.0/8", "10.0.0.1:1234", []string{"198.51.100.1, 10.0.0.9, 192.0.2.1"}, "192.0.2.1"},
		{"the client sent garbage", "10.0.0.0/8", "10.0.0.1:1234", []string{"garbage, 192.0.2.1"}, "192.0.2.1"},
		{"the proxy sent garbage", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1, garbage"}, "10.0.0.1"},
		{"the proxy sent nothing", "10.0.0.0/8", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"only proxies", "10.0.0.0/8", "10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"IPv6", "::1", "[::1]:1234", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv4 in IPv6", "10.0.0.1", "[::ffff:10.0.0.1]:1234", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"a peer without a port", "", "192.0.2.1", nil, "192.0.2.1"},
		{"a peer that is no address", "10.0.0.0/8", "@", []string{"192.0.2.1"}, "@"},
	} {
		proxies, err := ParseProxies(test.proxies)
		if err != nil {
			t.Fatal(err)
		}
		request := &http.Request{RemoteAddr: test.peer, Header: http.Header{"X-Forwarded-For": test.forwarded}}
		if got := proxies.Address(request); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
