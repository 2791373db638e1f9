package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// acmeServer is a certificate authority that issues certificates for one domain by ACME (RFC 8555), after a TLS-ALPN-01
// challenge (RFC 8737). It doesn't check the requests' signatures.
type acmeServer struct {
	*httptest.Server
	domain string
	root   *x509.Certificate
	key    *ecdsa.PrivateKey

	mutex sync.Mutex
	// address is where the domain's server is.
	address      string
	proven       bool
	issued       []byte
	certificates int
}

func newACMEServer(t *testing.T, domain string) *acmeServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &acmeServer{domain: domain, key: key}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(a.Close)
	return a
}

// setAddress sets where the domain's server is.
func (a *acmeServer) setAddress(address string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.address = address
}

// count returns how many certificates have been issued.
func (a *acmeServer) count() int {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.certificates
}

// ServeHTTP implements http.Handler.
func (a *acmeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	w.Header().Set("Replay-Nonce", rand.Text())
	status, answer := http.StatusOK, any(nil)
	switch r.URL.Path {
	case "/directory":
		answer = map[string]string{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/new-order"}
	case "/nonce":
	case "/account":
		w.Header().Set("Location", a.URL+"/account/1")
		status, answer = http.StatusCreated, map[string]string{"status": "valid"}
	case "/new-order":
		a.proven, a.issued = false, nil
		w.Header().Set("Location", a.URL+"/order")
		status, answer = http.StatusCreated, a.order()
	case "/order":
		answer = a.order()
	case "/challenge":
		if err := a.challenge(); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		answer = a.authorization()["challenges"].([]any)[0]
	case "/authorization":
		answer = a.authorization()
	case "/finalize":
		if err := a.issue(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", a.URL+"/order")
		answer = a.order()
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		for _, der := range [][]byte{a.issued, a.root.Raw} {
			_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
		}
		return
	default:
		status = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (a *acmeServer) order() map[string]any {
	order := map[string]any{
		"status": "pending", "identifiers": []any{map[string]string{"type": "dns", "value": a.domain}},
		"authorizations": []string{a.URL + "/authorization"}, "finalize": a.URL + "/finalize",
	}
	switch {
	case a.issued != nil:
		order["status"], order["certificate"] = "valid", a.URL+"/certificate"
	case a.proven:
		order["status"] = "ready"
	}
	return order
}

func (a *acmeServer) authorization() map[string]any {
	status := "pending"
	if a.proven {
		status = "valid"
	}
	return map[string]any{
		"status": status, "identifier": map[string]string{"type": "dns", "value": a.domain},
		"challenges": []any{map[string]string{"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": "token", "status": status}},
	}
}

// acmeIdentifier is the extension of a certificate that answers a challenge.
var acmeIdentifier = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}

// challenge checks that the domain's server has the certificate that answers the challenge.
func (a *acmeServer) challenge() error {
	conn, err := tls.Dial("tcp", a.address, &tls.Config{
		ServerName: a.domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true,
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	state := conn.ConnectionState()
	answers := slices.ContainsFunc(state.PeerCertificates[0].Extensions, func(e pkix.Extension) bool { return e.Id.Equal(acmeIdentifier) })
	if state.NegotiatedProtocol != "acme-tls/1" || !answers {
		return errors.New("the server doesn't answer the challenge")
	}
	a.proven = true
	return nil
}

// issue issues a certificate for a request that finalizes the order.
func (a *acmeServer) issue(r *http.Request) error {
	var message struct{ Payload string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(message.Payload)
	if err != nil {
		return err
	}
	var body struct{ CSR string }
	if err := json.Unmarshal(payload, &body); err != nil {
		return err
	}
	der, err := base64.RawURLEncoding.DecodeString(body.CSR)
	if err != nil {
		return err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	if !a.proven || !slices.Equal(request.DNSNames, []string{a.domain}) {
		return fmt.Errorf("not for %v", request.DNSNames)
	}
	a.certificates++
	a.issued, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(a.certificates) + 1), Subject: pkix.Name{CommonName: a.domain}, DNSNames: request.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.root, request.PublicKey, a.key)
	return err
}
