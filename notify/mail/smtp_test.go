package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"crm/notify/mail/mailtest"
)

func newMessage() *Message {
	return &Message{
		ID: "0191ad5e@example.com", Thread: "0191ad5d@example.com", ReplyTo: "bob@crm.example", ReplyToName: "Bob",
		Recipient: "carl@customer.example", RecipientName: "Carl",
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
	server.ServeTLS(t)
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
	server = mailtest.NewServer(t, mailtest.WithoutTLS, mailtest.Mechanisms("PLAIN", "CRAM-MD5"))
	mailer = newMailer(t, server, configure)
	dial(mailer, server)
	if err := mailer.Send(t.Context(), newMessage()); err != nil {
		t.Errorf("by a mechanism that doesn't reveal the password: %v", err)
	}
	contains(t, server.Transcript(), "\nAUTH CRAM-MD5\r\n")
	if len(server.Inbox()) != 1 {
		t.Errorf("received %d", len(server.Inbox()))
	}
}
