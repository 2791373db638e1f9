package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a certificate for localhost with a serial number, signed by itself, and its key.
func writeCertificate(t *testing.T, serial int64, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if path == "" {
			continue
		}
		if err := os.WriteFile(path+".new", pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertificateIsReplaced replaces the files of a certificate one after the other, and reads what clients get.
func TestCertificateIsReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := tlsSettings{cert: filepath.Join(folder, "cert.pem"), key: filepath.Join(folder, "key.pem")}
	writeCertificate(t, 1, s.cert, s.key)
	var logs strings.Builder
	files := &certificateFiles{cert: s.cert, key: s.key, log: slog.New(slog.NewTextHandler(&logs, nil))}
	listener, err := tls.Listen("tcp", "localhost:0", &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return files.current() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	served := func() int64 {
		conn, err := tls.Dial("tcp", listener.Addr().(*net.TCPAddr).String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := served(); got != 1 {
		t.Errorf("at first, the certificate is %d", got)
	}
	next := filepath.Join(folder, "next.pem")
	writeCertificate(t, 2, s.cert, next)
	if got := served(); got != 1 {
		t.Errorf("with the other's key, the certificate is %d", got)
	}
	if err := os.Rename(next, s.key); err != nil {
		t.Fatal(err)
	}
	if got := served(); got != 2 {
		t.Errorf("at last, the certificate is %d", got)
	}
	if err := os.Remove(s.cert); err != nil {
		t.Fatal(err)
	}
	if got := served(); got != 2 {
		t.Errorf("without a file, the certificate is %d", got)
	}
	if strings.Count(logs.String(), "can't be used") != 2 || strings.Count(logs.String(), "has changed") != 1 {
		t.Errorf("the log is\n%s", logs.String())
	}
}

// TestTLSSettings checks which settings of TLS are wrong.
func TestTLSSettings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key, other := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"), filepath.Join(folder, "other.pem")
	writeCertificate(t, 1, cert, key)
	writeCertificate(t, 2, "", other)
	for variables, want := range map[string]string{
		"TLS_CERT=" + cert + " TLS_KEY=" + key:                                   "",
		"ACME_DOMAIN=crm.example.com,bücher.example. ACME_EMAIL=crm@example.com": "",
		"TLS_CERT=" + cert:                       "TLS_KEY: must be set together with TLS_CERT",
		"TLS_KEY=" + key:                         "TLS_CERT: must be set together with TLS_KEY",
		"TLS_CERT=" + cert + " TLS_KEY=" + other: "TLS_CERT: cannot use it with TLS_KEY",
		"TLS_CERT=" + cert + " TLS_KEY=/zebra7":  "TLS_KEY: cannot read the file: no such file",
		"TLS_CERT=" + key + " TLS_KEY=" + cert:   "TLS_CERT: cannot use it with TLS_KEY",
		"TLS_CERT=" + cert + " TLS_KEY=" + key + " ACME_DOMAIN=crm.example.com": "ACME_DOMAIN: can't be used",
		"ACME_DOMAIN=localhost":                 "ACME_DOMAIN: entry 1",
		"ACME_DOMAIN=crm.example.com,192.0.2.1": "ACME_DOMAIN: entry 2",
		"ACME_DOMAIN=https://crm.example.com":   "ACME_DOMAIN: entry 1",
		"ACME_DIRECTORY=http://ca.example":      "ACME_DIRECTORY: must be",
	} {
		_, values := readSettings(strings.Fields(variables), filepath.Join(folder, "none"))
		err := values.Err()
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "zebra7")) {
			t.Errorf("%s: the error is %v, want %s", variables, err, want)
		}
	}
}
