package proxy

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crm/auth"
)

// TestForOperator checks who is served: the machine itself under its own names, and admins.
func TestForOperator(t *testing.T) {
	t.Parallel()
	const local, remote = "127.0.0.1:5000", "192.0.2.1:5000"
	for name, test := range map[string]struct {
		peer, host, header string
		role               auth.Role
		want               int
	}{
		"on the machine":               {local, "localhost:8080", "", "", 200},
		"by its address":               {local, "127.0.0.1", "", "", 200},
		"by IPv6":                      {"[::1]:5000", "[::1]:8080", "", "", 200},
		"by a name below localhost":    {local, "crm.Localhost:8080", "", "", 200},
		"by IPv4 in IPv6":              {"[::ffff:127.0.0.1]:5000", "localhost", "", "", 200},
		"from elsewhere":               {remote, "crm.example.com", "", "", 401},
		"from elsewhere, pretending":   {remote, "localhost:8080", "", "", 401},
		"another name that leads here": {local, "evil.example", "", "", 401},
		"an ending":                    {local, "notlocalhost", "", "", 401},
		"through a proxy":              {local, "localhost:8080", "X-Forwarded-For", "", 401},
		"through another proxy":        {local, "localhost:8080", "Forwarded", "", 401},
		"a page of another origin":     {local, "localhost:8080", "Origin", "", 401},
		"a page of this server":        {local, "localhost:8080", "Origin: http://localhost:8080", "", 200},
		"a page of another port":       {local, "localhost:8080", "Origin: http://localhost:3000", "", 401},
		"a page without an origin":     {local, "localhost:8080", "Origin: null", "", 401},
		"a page of a rebound name":     {local, "evil.example", "Origin: http://evil.example", "", 401},
		"a trusted proxy":              {"127.0.0.2:5000", "localhost:8080", "", "", 401},
		"a user":                       {remote, "crm.example.com", "", auth.User, 403},
		"a customer":                   {remote, "crm.example.com", "", auth.Customer, 403},
		"an admin":                     {remote, "crm.example.com", "X-Forwarded-For", auth.Admin, 200},
	} {
		proxies, err := Parse("127.0.0.2")
		if err != nil {
			t.Fatal(err)
		}
		handler := ForOperator(proxies, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.RemoteAddr, request.Host = test.peer, test.host
		if test.header != "" {
			name, value, _ := strings.Cut(test.header, ": ")
			request.Header.Set(name, cmp.Or(value, "x"))
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request.WithContext(auth.WithViewer(request.Context(), auth.Viewer{Role: test.role})))
		if recorder.Code != test.want {
			t.Errorf("%s: %d %s, want %d", name, recorder.Code, recorder.Body, test.want)
		}
	}
}
