package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Received
}

func (s *session) Mail(from string, options *smtp.MailOptions) error {
	s.mail.From, s.mail.UTF8 = from, options.UTF8
	return s.server.answer(s.server.OnSender, &s.server.senders, s.conn.Conn())
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	return s.server.answer(s.server.OnRecipient, &s.server.recipients, s.conn.Conn())
}

func (s *session) Data(r io.Reader) error {
	if err := s.server.answer(s.server.OnData, &s.server.datas, s.conn.Conn()); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, s.mail.Secure = s.conn.TLSConnectionState()
	s.mail.Raw = raw
	s.server.mutex.Lock()
	s.server.mails = append(s.server.mails, s.mail)
	s.server.mutex.Unlock()
	return s.server.answer(s.server.OnAccepted, &s.server.accepted, s.conn.Conn())
}

func (s *Server) answer(how func(int, net.Conn) error, calls *int, conn net.Conn) error {
	s.mutex.Lock()
	*calls++
	call := *calls
	s.mutex.Unlock()
	if how == nil {
		return nil
	}
	return how(call, conn)
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// ErrDropped is for replies to a command after the connection was closed.
var ErrDropped = errors.New("the connection is gone")

// NewCertificate returns a certificate for mail.example.com and 127.0.0.1, and the root that signed it.
func NewCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"mail.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}
