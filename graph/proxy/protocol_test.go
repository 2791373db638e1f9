package proxy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestListen checks which address a request has whose connection begins with a header of the PROXY protocol, or with none.
func TestListen(t *testing.T) {
	t.Parallel()
	const (
		version2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x01\x10\x00\x00\x50"
		local    = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"
	)
	for name, test := range map[string]struct{ trusted, header, want string }{
		"version 1":                       {"127.0.0.1", "PROXY TCP4 192.0.2.7 10.0.0.1 4096 80\r\n", "192.0.2.7"},
		"version 1 over IPv6":             {"127.0.0.0/8", "PROXY TCP6 2001:db8::7 2001:db8::1 4096 80\r\n", "2001:db8::7"},
		"version 2":                       {"127.0.0.1", version2, "192.0.2.7"},
		"the proxy's own check":           {"127.0.0.1", local, "127.0.0.1"},
		"unknown to the proxy":            {"127.0.0.1", "PROXY UNKNOWN\r\n", "127.0.0.1"},
		"none, on this machine":           {"127.0.0.1", "", "127.0.0.1"},
		"from a stranger":                 {"10.0.0.0/8", "PROXY TCP4 192.0.2.7 10.0.0.1 4096 80\r\n", ""},
		"none, from a stranger":           {"10.0.0.0/8", "", "127.0.0.1"},
		"a client that says it is local":  {"127.0.0.1", "PROXY TCP4 127.0.0.1 10.0.0.1 4096 80\r\n", ""},
		"a client that says so over IPv6": {"127.0.0.1", "PROXY TCP6 ::1 2001:db8::1 4096 80\r\n", ""},
		"broken":                          {"127.0.0.1", "PROXY TCP4 192.0.2.7\r\n", ""},
		"too long":                        {"127.0.0.1", "PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trusted, err := Parse(test.trusted)
			if err != nil {
				t.Fatal(err)
			}
			if got := addressSeen(t, trusted, test.header); got != test.want {
				t.Errorf("the client's address is %q, want %q", got, test.want)
			}
		})
	}
}

// addressSeen sends a request after a header, and returns the address that the server takes for the client's. It is empty if the
// request is refused.
func addressSeen(t *testing.T, trusted Trusted, header string) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "address "+trusted.Address(r))
	}))
	server.Listener = trusted.Listen(server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, header+"GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // the server may reset the connection
	_, address, _ := strings.Cut(string(answer), "\r\n\r\naddress ")
	return address
}
