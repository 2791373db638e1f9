package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

func newDelivery() *db.Delivery {
	id := store.NewID()
	return &db.Delivery{
		ID: id, Recipient: "carl@customer.example", RecipientName: "Carl", MessageID: id.String() + "@example.com",
		Subject: "New meeting", Text: "text", HTML: "<p>text</p>", CreatedAt: time.Date(2024, 8, 27, 20, 3, 0, 0, time.UTC),
	}
}

// named gives the server a name and has the mailer find it under that name.
func named(name string, port int) (func(*SMTPConfig), func(*SMTP, *mailServer)) {
	return func(c *SMTPConfig) { c.Host, c.Port = name, port },
		func(m *SMTP, s *mailServer) {
			m.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, s.listener.Addr().String())
			}
		}
}

func TestSTARTTLSAndAUTH(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "mail.example.com"} {
		server := newMailServer(t)
		configure, dial := named(host, 587)
		mailer := server.mailer(t, configure)
		dial(mailer, server)
		if err := mailer.Send(t.Context(), newDelivery()); err != nil {
			t.Fatal(err)
		}
		mails := server.inbox()
		if len(mails) != 1 || !mails[0].secure || mails[0].user != mailUser || mails[0].from != mailUser ||
			mails[0].to != "carl@customer.example" {
			t.Errorf("%s received %+v", host, mails)
		}
	}
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server.server.TLSConfig)
	if err != nil {
		t.Fatal(err)
	}
	server.serve(t, listener)
	configure, dial := named("mail.example.com", 465)
	mailer := server.mailer(t, configure)
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newDelivery()); err != nil {
		t.Fatal(err)
	}
	if mails := server.inbox(); len(mails) != 1 || !mails[0].secure || mails[0].user != mailUser {
		t.Errorf("received %+v", mails)
	}
	configure, dial = named("other.example.com", 465)
	mailer = server.mailer(t, configure)
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newDelivery()); !wrongCertificate(err) {
		t.Errorf("the error is %v", err)
	}
}

func wrongCertificate(err error) bool {
	var wrong *tls.CertificateVerificationError
	var permanent *PermanentError
	return errors.As(err, &wrong) && !errors.As(err, &permanent)
}

// TestWrongCertificate: neither a stranger's certificate nor another host's is taken, and nothing is sent.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	_, strangers := newCertificate(t)
	configure, dial := named("other.example.com", 587)
	for _, change := range []func(*SMTPConfig){
		func(c *SMTPConfig) { c.RootCAs = strangers },
		func(c *SMTPConfig) { c.RootCAs = nil },
		configure,
	} {
		mailer := server.mailer(t, change)
		dial(mailer, server)
		if err := mailer.Send(t.Context(), newDelivery()); !wrongCertificate(err) {
			t.Errorf("the error is %v", err)
		}
	}
	if len(server.inbox()) > 0 || strings.Contains(server.said(), "AUTH PLAIN ") {
		t.Errorf("something was sent:\n%s", server.said())
	}
}

// TestPasswordNeedsTLS: without TLS the password goes to this machine only.
func TestPasswordNeedsTLS(t *testing.T) {
	t.Parallel()
	server := newMailServer(t, withoutTLS)
	configure, dial := named("mail.example.com", 587)
	mailer := server.mailer(t, configure)
	dial(mailer, server)
	err := mailer.Send(t.Context(), newDelivery())
	if err == nil || strings.Contains(err.Error(), mailPassword) {
		t.Fatalf("the error is %v", err)
	}
	contains(t, err.Error(), "mail.example.com offers no TLS")
	if strings.Contains(server.said(), "AUTH PLAIN ") || len(server.inbox()) > 0 {
		t.Errorf("the client went on:\n%s", server.said())
	}
	if err := server.mailer(t).Send(t.Context(), newDelivery()); err != nil {
		t.Errorf("localhost: %v", err)
	}
	mailer = server.mailer(t, configure, func(c *SMTPConfig) { c.Password = "" })
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newDelivery()); err != nil {
		t.Errorf("without password: %v", err)
	}
	if len(server.inbox()) != 2 {
		t.Errorf("received %d", len(server.inbox()))
	}
}

// TestWrongPassword: it is tried again, since somebody may set it right, and appears in no error, whatever the server
// says.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	err := server.mailer(t, func(c *SMTPConfig) { c.Username = "eve@example.com" }).Send(t.Context(), newDelivery())
	var permanent *PermanentError
	if err == nil || errors.As(err, &permanent) {
		t.Fatalf("the error is %v", err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00eve@example.com\x00" + mailPassword))
	if strings.Contains(err.Error(), mailPassword) || strings.Contains(err.Error(), encoded) {
		t.Errorf("the error is %v", err)
	}
	contains(t, err.Error(), "535", "[redacted]")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := SMTPConfig{Host: "mail.example.com", Port: 587, From: mailUser}
	if mailer, err := NewMailer(good); err != nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	if mailer, err := NewMailer(SMTPConfig{}); mailer != (DevelopmentMailer{}) || err != nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	if mailer, err := NewMailer(SMTPConfig{Host: good.Host}); mailer != nil || err == nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	for name, change := range map[string]func(*SMTPConfig){
		"no host":           func(c *SMTPConfig) { c.Host = "" },
		"no port":           func(c *SMTPConfig) { c.Port = 0 },
		"large port":        func(c *SMTPConfig) { c.Port = 65536 },
		"no sender":         func(c *SMTPConfig) { c.From = "" },
		"two senders":       func(c *SMTPConfig) { c.From = "a@b.example, c@d.example" },
		"sender's newline":  func(c *SMTPConfig) { c.From = "a@b.example\r\nBcc: c@d.example" },
		"quoted sender":     func(c *SMTPConfig) { c.From = `"a> SIZE=1 <b"@c.example` },
		"sender's alphabet": func(c *SMTPConfig) { c.From = "crm@müller.example" },
	} {
		config := good
		change(&config)
		if _, err := NewSMTP(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
