package main

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/idna"

	"crm/config"
)

// tlsSettings say where the server's certificate comes from: from files, or from a certificate authority for domains. There
// is no TLS if it is zero.
type tlsSettings struct {
	cert, key string
	domains   []string
	email     string
	directory string
}

func (s *tlsSettings) settings() []config.Setting {
	return []config.Setting{
		{
			Name: "TLS_CERT", Value: config.Text(&s.cert, "PEM file"),
			Description: "the certificate to serve HTTPS with, and the certificates between it and its authority's; read anew when it changes",
		},
		{Name: "TLS_KEY", Value: config.Text(&s.key, "PEM file"), Otherwise: "required with `TLS_CERT`", Description: "its private key"},
		{
			Name: "ACME_DOMAIN", Value: config.Parsed(&s.domains, "list of domains", parseDomains),
			Description: "serve HTTPS with certificates for these domains, comma-separated, that the server obtains and renews by itself; " +
				"port 443 of the domains must lead to this server",
		},
		{
			Name: "ACME_EMAIL", Value: config.Text(&s.email, "address"),
			Description: "an address at which the certificate authority can reach you",
		},
		{
			Name: "ACME_DIRECTORY", Value: config.Parsed(&s.directory, "URL", parseDirectory), Default: autocert.DefaultACMEDirectory,
			Description: "the certificate authority, by default Let's Encrypt",
		},
	}
}

// check calls wrong for each setting that is wrong, given the others.
func (s *tlsSettings) check(wrong func(name string, err error)) {
	switch {
	case len(s.domains) > 0 && s.cert != "":
		wrong("ACME_DOMAIN", errors.New("can't be used together with TLS_CERT"))
	case s.cert != "" && s.key == "":
		wrong("TLS_KEY", errors.New("must be set together with TLS_CERT"))
	case s.cert == "" && s.key != "":
		wrong("TLS_CERT", errors.New("must be set together with TLS_KEY"))
	case s.cert != "":
		files := map[string]string{"TLS_CERT": s.cert, "TLS_KEY": s.key}
		for name, path := range files {
			if _, err := os.ReadFile(path); err != nil {
				wrong(name, fmt.Errorf("cannot read the file: %w", config.WithoutPath(err)))
				delete(files, name)
			}
		}
		if _, err := tls.LoadX509KeyPair(s.cert, s.key); err != nil && len(files) == 2 {
			wrong("TLS_CERT", fmt.Errorf("cannot use it with TLS_KEY: %w", config.WithoutPath(err)))
		}
	}
}

// on reports whether the server uses TLS.
func (s *tlsSettings) on() bool { return s.cert != "" || len(s.domains) > 0 }

// acmeFolder is where certificates are kept that the server obtains, with either engine.
func acmeFolder(dataDir string) string { return filepath.Join(dataDir, "acme") }

// config returns the configuration of the server, nil if it uses no TLS.
func (s *tlsSettings) config(dataDir string, log *slog.Logger) *tls.Config {
	switch {
	case s.cert != "":
		files := &certificateFiles{cert: s.cert, key: s.key, pause: certificatePause, log: log}
		return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return files.current() }}
	case len(s.domains) > 0:
		manager := &autocert.Manager{
			Prompt: autocert.AcceptTOS, Email: s.email, HostPolicy: autocert.HostWhitelist(s.domains...),
			Cache: autocert.DirCache(acmeFolder(dataDir)), Client: &acme.Client{DirectoryURL: s.directory, UserAgent: "crm"},
		}
		return manager.TLSConfig()
	}
	return nil
}

// certificatePause is how long a certificate is used without looking whether its files have changed.
const certificatePause = time.Second

// certificateFiles are the files of a certificate, which may be replaced at any time.
type certificateFiles struct {
	cert, key string
	pause     time.Duration
	log       *slog.Logger

	mutex   sync.Mutex
	loaded  *tls.Certificate
	version string
	checked time.Time
}

// current returns the certificate. While the files can't be used, because only one has been replaced yet, it is the earlier
// one.
func (f *certificateFiles) current() (*tls.Certificate, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.loaded != nil && time.Since(f.checked) < f.pause {
		return f.loaded, nil
	}
	f.checked = time.Now()
	version := fileVersion(f.cert) + fileVersion(f.key)
	if f.loaded != nil && version == f.version {
		return f.loaded, nil
	}
	f.version = version
	certificate, err := tls.LoadX509KeyPair(f.cert, f.key)
	switch {
	case err == nil && f.loaded != nil:
		f.log.Info("the certificate has changed")
	case err != nil && f.loaded != nil:
		f.log.Warn("the new certificate can't be used; the earlier one is", "error", err)
		return f.loaded, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read the certificate: %w", err)
	}
	f.loaded = &certificate
	return f.loaded, nil
}

// fileVersion returns a text that changes with the content of a file. Its time doesn't always: file systems round it.
func fileVersion(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256(content)
	return string(sum[:])
}

func parseDomains(list string) ([]string, error) {
	domains := config.List(list)
	for i, domain := range domains {
		ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
		if _, ipErr := netip.ParseAddr(ascii); err != nil || ipErr == nil || !strings.Contains(ascii, ".") || !hostName.MatchString(ascii) {
			return nil, fmt.Errorf("entry %d of the list is not a domain such as crm.example.com", i+1)
		}
		domains[i] = ascii
	}
	return domains, nil
}

func parseDirectory(text string) (string, error) {
	if !strings.HasPrefix(text, "https://") || strings.ContainsAny(text, " @") {
		return "", errors.New("must be the https:// address of an ACME directory")
	}
	return text, nil
}
