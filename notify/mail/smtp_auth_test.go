package mail

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/config"
	"crm/notify/mail/mailtest"
)

// withToken configures a token instead of a password.
func withToken(c *SMTPConfig) { c.Password, c.OAuth.Token = "", mailtest.Token }

// TestMechanisms checks which of the offered mechanisms the client uses, with which secrets and encryption.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	asIs := func(*SMTPConfig) {}
	both := func(c *SMTPConfig) { c.OAuth.Token = mailtest.Token }
	other := func(c *SMTPConfig) { c.From, c.Username = "CRM <desk@example.com>", mailtest.User }
	plain := func(c *SMTPConfig) { c.TLS = config.NoTLS }
	for _, test := range []struct {
		offered string
		change  func(*SMTPConfig)
		used    string // or what the error says
	}{
		{"PLAIN", asIs, "AUTH PLAIN "},
		{"LOGIN", asIs, "AUTH LOGIN\r\n"},
		{"CRAM-MD5", asIs, "AUTH CRAM-MD5\r\n"},
		{"XOAUTH2", withToken, "AUTH XOAUTH2 "},
		{"CRAM-MD5 LOGIN PLAIN XOAUTH2", asIs, "AUTH PLAIN "},
		{"CRAM-MD5 LOGIN XOAUTH2", asIs, "AUTH LOGIN\r\n"},
		{"PLAIN XOAUTH2", both, "AUTH XOAUTH2 "},
		{"PLAIN", both, "AUTH PLAIN "},
		{"LOGIN", other, "AUTH LOGIN\r\n"},
		{"CRAM-MD5", plain, "AUTH CRAM-MD5\r\n"},
		{"GSSAPI NTLM", asIs, "the server offers GSSAPI, NTLM, which is none of PLAIN, LOGIN, CRAM-MD5"},
		{"PLAIN LOGIN", withToken, "the server offers PLAIN, LOGIN, which is none of XOAUTH2"},
		{"XOAUTH2", asIs, "the server offers XOAUTH2, which is none of PLAIN, LOGIN, CRAM-MD5"},
	} {
		t.Run(test.offered, func(t *testing.T) {
			t.Parallel()
			server := mailtest.NewServer(t, mailtest.Mechanisms(strings.Fields(test.offered)...), func(s *mailtest.Server) {
				s.SMTP.AllowInsecureAuth = true
			})
			err := newMailer(t, server, test.change).Send(t.Context(), newMessage())
			if !strings.HasPrefix(test.used, "AUTH") {
				if fault(err) != "sender" || !strings.Contains(err.Error(), test.used) || strings.Contains(server.Transcript(), "\nAUTH") {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if inbox := server.Inbox(); err != nil || len(inbox) != 1 || inbox[0].User != mailtest.User {
				t.Fatalf("received %v, error %v", inbox, err)
			}
			contains(t, server.Transcript(), "\n"+test.used)
		})
	}
}

// TestRefusedLogIn checks that a refused log-in is the sender's fault, and that neither the password nor the token is in the
// error, whatever the server replies.
func TestRefusedLogIn(t *testing.T) {
	t.Parallel()
	wrong := func(c *SMTPConfig) { c.Username = "eve@example.com" }
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			server := mailtest.NewServer(t, mailtest.Mechanisms(mechanism))
			changes := []func(*SMTPConfig){wrong}
			if mechanism == "XOAUTH2" {
				changes = append(changes, withToken)
			}
			err := newMailer(t, server, changes...).Send(t.Context(), newMessage())
			if fault(err) != "sender" {
				t.Fatalf("the error is %v", err)
			}
			contains(t, err.Error(), "535", mechanism)
			for _, secret := range []string{
				mailtest.Password, mailtest.Token, base64.StdEncoding.EncodeToString([]byte("\x00eve@example.com\x00" + mailtest.Password)),
			} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error is %v", err)
				}
			}
		})
	}
}

// TestTokenCommand checks that the command runs when a token is needed: once for several messages, and again when the server
// has refused its token.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	token, runs := filepath.Join(folder, "token"), filepath.Join(folder, "runs")
	write := func(text string) {
		if err := os.WriteFile(token, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := mailtest.NewServer(t, mailtest.Mechanisms("XOAUTH2"))
	mailer := newMailer(t, server, func(c *SMTPConfig) {
		c.Password, c.OAuth.Command = "", fmt.Sprintf("echo run >> '%s'; cat '%s'", runs, token)
	})
	for _, test := range []struct {
		printed string
		fault   string
		runs    int
	}{
		{"expired", "sender", 1},
		{"not a\ntoken", "sender", 2},
		{"", "sender", 3},
		{mailtest.Token + "\n", "none", 4},
		{mailtest.Token + "\n", "none", 4},
	} {
		write(test.printed)
		err := mailer.Send(t.Context(), newMessage())
		if fault(err) != test.fault || err != nil && test.printed != "" && strings.Contains(err.Error(), test.printed) {
			t.Errorf("with %q the error is %v", test.printed, err)
		}
		if log, err := os.ReadFile(runs); err != nil || strings.Count(string(log), "run") != test.runs {
			t.Errorf("the command ran %d times, want %d, error %v", strings.Count(string(log), "run"), test.runs, err)
		}
	}
	failing := newMailer(t, server, func(c *SMTPConfig) { c.Password, c.OAuth.Command = "", "echo secret; echo secret >&2; exit 3" })
	if err := failing.Send(t.Context(), newMessage()); fault(err) != "sender" || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error of a failing command is %v", err)
	}
}
