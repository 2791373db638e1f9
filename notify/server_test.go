package notify

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

const (
	mailUser     = "crm@example.com"
	mailPassword = "correct horse battery staple"
)

// received is a message that a mailServer took.
type received struct {
	from, to string
	raw      []byte
	secure   bool
	user     string
}

// mailServer is a real SMTP server that does what a test wants of it.
type mailServer struct {
	server   *smtp.Server
	listener net.Listener
	roots    *x509.CertPool
	// onRecipient and onData say how the server answers a command; they get the number of the call, from 1 on, and the
	// session's connection. Nil means that all is well.
	onRecipient func(call int, conn net.Conn) error
	onData      func(call int, conn net.Conn) error

	mutex      sync.Mutex
	mails      []received
	transcript bytes.Buffer
	recipients int
	datas      int
}

// serverOption changes a mailServer before it starts.
type serverOption func(*mailServer)

// withoutTLS makes a server that offers no STARTTLS and lets a client log in all the same.
func withoutTLS(s *mailServer) { s.server.TLSConfig, s.server.AllowInsecureAuth = nil, true }

// newMailServer starts a server with STARTTLS, under a certificate for mail.example.com and 127.0.0.1, and AUTH PLAIN.
func newMailServer(t *testing.T, options ...serverOption) *mailServer {
	t.Helper()
	certificate, roots := newCertificate(t)
	s := &mailServer{roots: roots}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{server: s, conn: c}, nil
	}))
	s.server.Domain = "mail.example.com"
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Debug = s
	for _, option := range options {
		option(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.serve(t, listener)
	return s
}

func (s *mailServer) serve(t *testing.T, listener net.Listener) {
	s.listener = listener
	go func() { _ = s.server.Serve(listener) }()
	t.Cleanup(func() { _ = s.server.Close() })
}

// Write takes the transcript of all sessions.
func (s *mailServer) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.transcript.Write(text)
}

func (s *mailServer) said() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.transcript.String()
}

func (s *mailServer) inbox() []received {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]received(nil), s.mails...)
}

func (s *mailServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// mailer returns an SMTP for this server, logged in, after change has changed its configuration.
func (s *mailServer) mailer(t *testing.T, change ...func(*SMTPConfig)) *SMTP {
	t.Helper()
	config := SMTPConfig{
		Host: "127.0.0.1", Port: s.port(), From: "CRM <" + mailUser + ">", Password: mailPassword, RootCAs: s.roots,
	}
	for _, c := range change {
		c(&config)
	}
	mailer, err := NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return mailer
}
