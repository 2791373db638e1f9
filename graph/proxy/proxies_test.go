package proxy

import (
	"net/http"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
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
		proxies, err := Parse(test.list)
		if (err == nil) != test.ok || len(proxies) != test.n {
			t.Errorf("%q gives %v, %v", test.list, proxies, err)
		}
	}
}

// addresses are requests with the address that they count for.
var addresses = []struct {
	name, proxies, peer string
	forwarded           []string // elements that contain an = are those of Forwarded
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
	{"a port", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1:5678"}, "192.0.2.1"},
	{"brackets", "10.0.0.0/8", "10.0.0.1:1234", []string{"[2001:db8::1]"}, "2001:db8::1"},
	{"brackets and a port", "10.0.0.0/8", "10.0.0.1:1234", []string{"[2001:db8::1]:5678, 10.0.0.2:80"}, "2001:db8::1"},
	{"quotes", "10.0.0.0/8", "10.0.0.1:1234", []string{`"[2001:db8::1]:5678", "10.0.0.2"`}, "2001:db8::1"},
	{"a zone", "10.0.0.0/8", "10.0.0.1:1234", []string{"fe80::1%eth0"}, "fe80::1"},
	{"an open bracket", "10.0.0.0/8", "10.0.0.1:1234", []string{"[2001:db8::1"}, "10.0.0.1"},
	{"an open quotation", "10.0.0.0/8", "10.0.0.1:1234", []string{`"192.0.2.1`}, "10.0.0.1"},
	{"text after a bracket", "10.0.0.0/8", "10.0.0.1:1234", []string{"[2001:db8::1]x"}, "10.0.0.1"},
	{"Forwarded", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=192.0.2.1;proto=https;by=10.0.0.1"}, "192.0.2.1"},
	{"Forwarded with a port", "10.0.0.0/8", "10.0.0.1:1234", []string{`proto=https; FOR="192.0.2.1:47011"`}, "192.0.2.1"},
	{"Forwarded by IPv6", "10.0.0.0/8", "10.0.0.1:1234", []string{`For="[2001:db8::17]:4711"`}, "2001:db8::17"},
	{"Forwarded by two", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=198.51.100.1, for=192.0.2.1, for=10.0.0.2"}, "192.0.2.1"},
	{"Forwarded twice", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=192.0.2.1", "for=10.0.0.2"}, "192.0.2.1"},
	{"Forwarded with a comma in quotes", "10.0.0.0/8", "10.0.0.1:1234", []string{`for=192.0.2.1;ext="a, for=198.51.100.1;\", b"`}, "192.0.2.1"},
	{"Forwarded by an unknown one", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=192.0.2.1, for=unknown"}, "10.0.0.1"},
	{"Forwarded by a hidden one", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=_hidden, for=10.0.0.2"}, "10.0.0.2"},
	{"Forwarded without for", "10.0.0.0/8", "10.0.0.1:1234", []string{"for=192.0.2.1, proto=http"}, "10.0.0.1"},
	{"Forwarded by anybody", "10.0.0.0/8", "192.0.2.9:1234", []string{"for=192.0.2.1"}, "192.0.2.9"},
	{"Forwarded, and an open quotation of the client", "10.0.0.0/8", "10.0.0.1:1234", []string{`for="x`, "for=192.0.2.1"}, "192.0.2.1"},
	{"both", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1", "for=192.0.2.1"}, "192.0.2.1"},
	{"the client made up one of both", "10.0.0.0/8", "10.0.0.1:1234", []string{"192.0.2.1", "for=198.51.100.1"}, "10.0.0.1"},
	{"a peer without a port", "", "192.0.2.1", nil, "192.0.2.1"},
	{"a peer that is no address", "10.0.0.0/8", "@", []string{"192.0.2.1"}, "@"},
}

func TestAddressUsesOnlyTrustedTrusted(t *testing.T) {
	t.Parallel()
	for _, test := range addresses {
		proxies, err := Parse(test.proxies)
		if err != nil {
			t.Fatal(err)
		}
		request := &http.Request{RemoteAddr: test.peer, Header: http.Header{}}
		for _, value := range test.forwarded {
			name := "X-Forwarded-For"
			if strings.Contains(value, "=") {
				name = "Forwarded"
			}
			request.Header.Add(name, value)
		}
		if got := proxies.Address(request); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("192.0.2.1:1, \"[::1]:2\"", "for=\"[2001:db8::1]:3\";proto=https, for=unknown")
	proxies, err := Parse("10.0.0.0/8")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, list, forwarded string) {
		request := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {list}, "Forwarded": {forwarded}}}
		if got := proxies.Address(request); got == "" || strings.ContainsAny(got, " \"[]%") {
			t.Errorf("%q and %q give %q", list, forwarded, got)
		}
	})
}
