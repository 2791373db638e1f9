package e2e_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secureBase finds the server's URL in the greeting of a server with TLS.
var secureBase = regexp.MustCompile(`(?m)^GraphQL +(https://[a-z.]+:\d+)/graphql$`)

// serveTLS starts the program with TLS, and returns it with its address.
func serveTLS(t *testing.T, folder string, variables ...string) (p *process, address string) {
	t.Helper()
	p = begin(t, folder, variables)
	p.base = secureBase
	p.waitUntilReady()
	return p, "127.0.0.1:" + p.port()
}

// secureClient returns a client that trusts a root and connects to an address, whatever the host.
func secureClient(root *x509.Certificate, address string, protocols ...string) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(root)
	var allowed http.Protocols
	allowed.SetHTTP1(len(protocols) == 0)
	allowed.SetHTTP2(len(protocols) > 0)
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		// Each request makes a new connection, to see the certificate that is current.
		TLSClientConfig: &tls.Config{RootCAs: pool}, Protocols: &allowed, DisableKeepAlives: true,
	}}
}

// getSecurely requests a page, and checks the protocol.
func getSecurely(t *testing.T, client *http.Client, url, protocol, want string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Proto != protocol || !strings.Contains(string(body), want) {
		t.Errorf("%s got %s %s %s, %v", url, response.Proto, response.Status, body, err)
	}
}

// TestACME starts a server that obtains its certificate from an authority, and starts it again.
func TestACME(t *testing.T) {
	t.Parallel()
	const domain = "crm.example.com"
	authority := newACMEServer(t, domain)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})
	if err := os.WriteFile(roots, content, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for range 2 {
		p, address := serveTLS(t, folder, "ACME_DOMAIN="+domain, "ACME_DIRECTORY="+authority.URL+"/directory", "SSL_CERT_FILE="+roots)
		authority.setAddress(address)
		if !strings.Contains(read(t, p.out), "kept in data/acme") {
			t.Errorf("the greeting is\n%s", read(t, p.out))
		}
		for protocol, name := range map[string]string{"HTTP/1.1": "", "HTTP/2.0": "h2"} {
			var protocols []string
			if name != "" {
				protocols = []string{name}
			}
			getSecurely(t, secureClient(authority.root, address, protocols...), "https://"+domain+"/readyz", protocol, "ready")
		}
		other := &tls.Config{ServerName: "other.example.com", InsecureSkipVerify: true}
		if conn, err := tls.Dial("tcp", address, other); err == nil {
			_ = conn.Close()
			t.Error("another domain gets a certificate")
		}
		p.stop()
	}
	if n := authority.count(); n != 1 {
		t.Errorf("%d certificates were issued", n)
	}
	checkModes(t, filepath.Join(folder, "data"))
}

// TestTLS starts a server with a certificate in files, asks it by HTTP/1.1, HTTP/2 and as its own health check.
func TestTLS(t *testing.T) {
	t.Parallel()
	source := httptest.NewUnstartedServer(nil)
	source.StartTLS()
	t.Cleanup(source.Close)
	folder := t.TempDir()
	certificate := source.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, address := serveTLS(t, folder, "TLS_CERT=cert.pem", "TLS_KEY=key.pem")
	getSecurely(t, secureClient(source.Certificate(), address), "https://example.com/graphql?query=%7B__typename%7D", "HTTP/1.1", `"Query"`)
	getSecurely(t, secureClient(source.Certificate(), address, "h2"), "https://example.com/", "HTTP/2.0", "graphiql")
	if out, logs := ends(t, folder, []string{"PORT=" + p.port(), "TLS_CERT=cert.pem", "TLS_KEY=key.pem"}, 0, "health"); out+logs != "" {
		t.Errorf("the health check says %s%s", out, logs)
	}
	p.stop()
}
