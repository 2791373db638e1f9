// Package mailtest helps to test mail: it has a real SMTP server with configurable replies, a parser for received
// messages, and texts that attack a message.
package mailtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The server's only account.
const (
	User     = "crm@example.com"
	Password = "correct horse battery staple"
)

// Received is a message that a Server accepted.
type Received struct {
	From, To string
	Raw      []byte
	// Secure says that the message was received over TLS.
	Secure bool
	// UTF8 says that the client asked for SMTPUTF8.
	UTF8 bool
	// User is the logged-in user.
	User string
}

// Server is a real SMTP server with configurable replies.
type Server struct {
	// SMTP is the server itself, which options may configure.
	SMTP *smtp.Server
	// Roots signed the server's certificate.
	Roots *x509.CertPool
	// OnSender, OnRecipient and OnData return the reply to a command, given the number of the call, starting at 1, and the
	// session's connection; OnAccepted the reply to a message that the server has accepted. Nil accepts all.
	OnSender    func(call int, conn net.Conn) error
	OnRecipient func(call int, conn net.Conn) error
	OnData      func(call int, conn net.Conn) error
	OnAccepted  func(call int, conn net.Conn) error

	listener   net.Listener
	mechanisms []string

	mutex      sync.Mutex
	mails      []Received
	transcript bytes.Buffer
	senders    int
	recipients int
	datas      int
	accepted   int
}

// WithoutTLS makes the server offer no STARTTLS and still let a client log in.
func WithoutTLS(s *Server) { s.SMTP.TLSConfig, s.SMTP.AllowInsecureAuth = nil, true }

// NewServer starts a server with STARTTLS, under a certificate for mail.example.com and 127.0.0.1, and AUTH PLAIN.
// Options change it before it starts.
func NewServer(t *testing.T, options ...func(*Server)) *Server {
	t.Helper()
	certificate, roots := NewCertificate(t)
	s := &Server{Roots: roots, mechanisms: []string{sasl.Plain}}
	s.SMTP = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	s.SMTP.Domain = "mail.example.com"
	s.SMTP.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.SMTP.ErrorLog = log.New(io.Discard, "", 0)
	s.SMTP.Debug = s
	for _, option := range options {
		option(s)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(t, listener)
	return s
}

// Serve makes the server serve on a listener.
func (s *Server) Serve(t *testing.T, listener net.Listener) {
	s.listener = listener
	go func() { _ = s.SMTP.Serve(listener) }()
	t.Cleanup(func() { _ = s.SMTP.Close() })
}

// ServeTLS makes the server serve on another port, with TLS from the first byte.
func (s *Server) ServeTLS(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(t, tls.NewListener(listener, s.SMTP.TLSConfig))
}

// Write adds to the transcript of all sessions.
func (s *Server) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.transcript.Write(text)
}

// Transcript returns the transcript of all sessions.
func (s *Server) Transcript() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.transcript.String()
}

// Inbox returns the messages that the server accepted, in order.
func (s *Server) Inbox() []Received {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Received(nil), s.mails...)
}

// Address returns the address that the server listens on.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Port returns the port of Address.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Silence listens on a free port and never replies.
func Silence(t *testing.T) (listener net.Listener, port int) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener, listener.Addr().(*net.TCPAddr).Port
}
