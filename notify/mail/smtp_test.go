package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"crm/notify/mail/mailtest"
)

func newMessage() *Message {
	return &Message{
		ID: "0191ad5e@example.com", Recipient: "carl@customer.example", RecipientName: "Carl",
		Subject: "New meeting", Text: "text", HTML: "<p>text</p>", Date: time.Date(2024, 8, 27, 20, 3, 0, 0, time.UTC),
	}
}

// newMailer returns an SMTP for a server, with a password. change may change its configuration.
func newMailer(t *testing.T, server *mailtest.Server, change ...func(*SMTPConfig)) *SMTP {
	t.Helper()
	config := SMTPConfig{
		Host: "127.0.0.1", Port: server.Port(), From: "CRM <" + mailtest.User + ">", Password: mailtest.Password,
		RootCAs: server.Roots,
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

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q isn't in\n%s", part, text)
		}
	}
}

// named returns functions that configure a mailer for a server name and make it dial the test server instead.
func named(name string, port int) (func(*SMTPConfig), func(*SMTP, *mailtest.Server)) {
	return func(c *SMTPConfig) { c.Host, c.Port = name, port },
		func(m *SMTP, s *mailtest.Server) {
			m.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, s.Address())
			}
		}
}

func TestSTARTTLSAndAUTH(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "mail.example.com"} {
		server := mailtest.NewServer(t)
		configure, dial := named(host, 587)
		mailer := newMailer(t, server, configure)
		dial(mailer, server)
		if err := mailer.Send(t.Context(), newMessage()); err != nil {
			t.Fatal(err)
		}
		mails := server.Inbox()
		if len(mails) != 1 || !mails[0].Secure || mails[0].User != mailtest.User || mails[0].From != mailtest.User ||
			mails[0].To != "carl@customer.example" {
			t.Errorf("%s received %+v", host, mails)
		}
	}
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server.SMTP.TLSConfig)
	if err != nil {
		t.Fatal(err)
	}
	server.Serve(t, listener)
	configure, dial := named("mail.example.com", 465)
	mailer := newMailer(t, server, configure)
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newMessage()); err != nil {
		t.Fatal(err)
	}
	if mails := server.Inbox(); len(mails) != 1 || !mails[0].Secure || mails[0].User != mailtest.User {
		t.Errorf("received %+v", mails)
	}
	configure, dial = named("other.example.com", 465)
	mailer = newMailer(t, server, configure)
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newMessage()); !wrongCertificate(err) {
		t.Errorf("the error is %v", err)
	}
}

func wrongCertificate(err error) bool {
	var wrong *tls.CertificateVerificationError
	var permanent *PermanentError
	return errors.As(err, &wrong) && !errors.As(err, &permanent)
}

// TestWrongCertificate checks that nothing is sent to a server with an untrusted certificate or one for another host.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	_, untrusted := mailtest.NewCertificate(t)
	configure, dial := named("other.example.com", 587)
	for _, change := range []func(*SMTPConfig){
		func(c *SMTPConfig) { c.RootCAs = untrusted },
		func(c *SMTPConfig) { c.RootCAs = nil },
		configure,
	} {
		mailer := newMailer(t, server, change)
		dial(mailer, server)
		if err := mailer.Send(t.Context(), newMessage()); !wrongCertificate(err) {
			t.Errorf("the error is %v", err)
		}
	}
	if len(server.Inbox()) > 0 || strings.Contains(server.Transcript(), "AUTH PLAIN ") {
		t.Errorf("something was sent:\n%s", server.Transcript())
	}
}

// TestPasswordNeedsTLS checks that without TLS the password is only sent to this machine.
func TestPasswordNeedsTLS(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t, mailtest.WithoutTLS)
	configure, dial := named("mail.example.com", 587)
	mailer := newMailer(t, server, configure)
	dial(mailer, server)
	err := mailer.Send(t.Context(), newMessage())
	if err == nil || strings.Contains(err.Error(), mailtest.Password) {
		t.Fatalf("the error is %v", err)
	}
	contains(t, err.Error(), "mail.example.com offers no TLS")
	if strings.Contains(server.Transcript(), "AUTH PLAIN ") || len(server.Inbox()) > 0 {
		t.Errorf("the client went on:\n%s", server.Transcript())
	}
	if err := newMailer(t, server).Send(t.Context(), newMessage()); err != nil {
		t.Errorf("localhost: %v", err)
	}
	mailer = newMailer(t, server, configure, func(c *SMTPConfig) { c.Password = "" })
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newMessage()); err != nil {
		t.Errorf("without password: %v", err)
	}
	if len(server.Inbox()) != 2 {
		t.Errorf("received %d", len(server.Inbox()))
	}
}

// TestWrongPassword checks that the error isn't permanent, since an operator may correct the password, and never
// contains the password, whatever the server replies.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t)
	err := newMailer(t, server, func(c *SMTPConfig) { c.Username = "eve@example.com" }).Send(t.Context(), newMessage())
	var permanent *PermanentError
	if err == nil || errors.As(err, &permanent) {
		t.Fatalf("the error is %v", err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00eve@example.com\x00" + mailtest.Password))
	if strings.Contains(err.Error(), mailtest.Password) || strings.Contains(err.Error(), encoded) {
		t.Errorf("the error is %v", err)
	}
	contains(t, err.Error(), "535", "[redacted]")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := SMTPConfig{Host: "mail.example.com", Port: 587, From: mailtest.User}
	if mailer, err := New(good); err != nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	if mailer, err := New(SMTPConfig{}); mailer != (Development{}) || err != nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	if mailer, err := New(SMTPConfig{Host: good.Host}); mailer != nil || err == nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	for name, change := range map[string]func(*SMTPConfig){
		"no host":          func(c *SMTPConfig) { c.Host = "" },
		"no port":          func(c *SMTPConfig) { c.Port = 0 },
		"large port":       func(c *SMTPConfig) { c.Port = 65536 },
		"no sender":        func(c *SMTPConfig) { c.From = "" },
		"two senders":      func(c *SMTPConfig) { c.From = "a@b.example, c@d.example" },
		"sender's newline": func(c *SMTPConfig) { c.From = "a@b.example\r\nBcc: c@d.example" },
		"quoted sender":    func(c *SMTPConfig) { c.From = `"a> SIZE=1 <b"@c.example` },
		"non-ASCII sender": func(c *SMTPConfig) { c.From = "crm@müller.example" },
	} {
		config := good
		change(&config)
		if _, err := NewSMTP(config); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
