package mail

import (
	"strings"
	"testing"

	"crm/config"
	"crm/notify/mail/mailtest"
)

// configs are environment variables, and the one that is wrong.
var configs = []struct{ variables, problem string }{
	{"", ""},
	{"SMTP_HOST=mail.example.com|SMTP_MAIL=crm@example.com", ""},
	{"SMTP_HOST=MAIL.example.com.|SMTP_MAIL=Ü <crm@example.com>", ""},
	{"SMTP_HOST=mail_server|SMTP_MAIL=crm@localhost", ""},
	{"SMTP_HOST=mail|SMTP_MAIL=CRM <crm@bücher.example>", ""},
	{"SMTP_HOST=127.0.0.1|SMTP_MAIL=crm@example.com", ""},
	{"SMTP_HOST=::1|SMTP_MAIL=crm@example.com", ""},
	{"SMTP_HOST=[2001:db8::1]|SMTP_MAIL=crm@example.com", ""},
	{"SMTP_HOST=post.bücher.example|SMTP_MAIL=crm@example.com", ""},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_TLS=none|SMTP_USER=u|SMTP_PASSWORD= p |SMTP_PORT=25", ""},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_TLS=starttls|SMTP_USER=apikey|SMTP_OAUTH_TOKEN=t", ""},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_TLS=implicit|SMTP_OAUTH_TOKEN_COMMAND=gcloud auth print-access-token", ""},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_REPLY_TO=Acme support <support@b.example>", ""},

	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_REPLY_TO=support", "SMTP_REPLY_TO"},
	{"SMTP_REPLY_TO=jürgen@b.example", "SMTP_REPLY_TO"},
	{"SMTP_HOST=h", "SMTP_MAIL"},
	{"SMTP_HOST=h|SMTP_MAIL=crm", "SMTP_MAIL"},
	{"SMTP_HOST=h|SMTP_MAIL=crm@", "SMTP_MAIL"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example, c@d.example", "SMTP_MAIL"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example\r\nBcc: c@d.example", "SMTP_MAIL"},
	{"SMTP_MAIL=nobody", "SMTP_MAIL"},
	{"SMTP_HOST=h|SMTP_MAIL=jürgen@example.com", "SMTP_MAIL"},
	{`SMTP_HOST=h|SMTP_MAIL="a> SIZE=1 <b"@c.example`, "SMTP_MAIL"},
	{"SMTP_HOST=localhost:587|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=[::1]:587|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=smtp://x|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=smtp.example.com/|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST= host |SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST= |SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=host\t|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=a b|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=user@host|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=a..b|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=587|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{"SMTP_HOST=1.2.3|SMTP_MAIL=a@b.example", "SMTP_HOST"},
	{`SMTP_HOST="host"|SMTP_MAIL=a@b.example`, "SMTP_HOST"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_PORT=0", "SMTP_PORT"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_PORT=65536", "SMTP_PORT"},
	{"SMTP_PORT= 25", "SMTP_PORT"},
	{"SMTP_HOST=smtp://u:hunter2@h", "SMTP_HOST"},
	{"SMTP_TLS=ssl", "SMTP_TLS"},
	{"SMTP_TLS=STARTTLS", "SMTP_TLS"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_USER=u", "SMTP_USER"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_USER=u\x01x|SMTP_PASSWORD=p", "SMTP_USER"},
	{"SMTP_HOST=h|SMTP_MAIL=a@b.example|SMTP_OAUTH_TOKEN=t|SMTP_OAUTH_TOKEN_COMMAND=c", "SMTP_OAUTH_TOKEN"},
}

// TestConfig reads the configuration from environment variables, and checks which variable an error names.
func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range configs {
		var smtp SMTPConfig
		values := config.Read(config.Declaration{{Settings: smtp.Settings()}}, strings.Split(test.variables, "|"), "")
		smtp.Check(values.Wrong)
		err := values.Err()
		if (test.problem == "") != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), test.problem) {
			t.Errorf("%q: the error is %v, want it to name %q", test.variables, err, test.problem)
			continue
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error quotes the value: %v", test.variables, err)
		}
		if err != nil {
			continue
		}
		if mailer, err := New(smtp); err != nil || mailer == nil {
			t.Errorf("%q: mailer %v, error %v", test.variables, mailer, err)
		}
	}
	if mailer, err := New(SMTPConfig{}); mailer != (Development{}) || err != nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
	if mailer, err := New(SMTPConfig{Host: "mail.example.com"}); mailer != nil || err == nil {
		t.Errorf("mailer %v, error %v", mailer, err)
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	for sender, want := range map[string]string{
		"crm@example.com": "example.com", "CRM <crm@mail.example.com>": "mail.example.com",
		"crm@müller.example": "xn--mller-kva.example", "": "localhost", "crm": "localhost", "a@b, c@d": "localhost",
	} {
		if got := Domain(sender); got != want {
			t.Errorf("Domain(%q) is %q, want %q", sender, got, want)
		}
	}
}

// TestTLSModes checks how each mode encrypts a session with a server that offers STARTTLS, TLS from the first byte, or none.
func TestTLSModes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode      config.TLSMode
		server    string
		encrypted bool
		fault     string
	}{
		{config.AutomaticTLS, "starttls", true, "none"},
		{config.AutomaticTLS, "plain", false, "none"},
		{config.RequireSTARTTLS, "starttls", true, "none"},
		{config.RequireSTARTTLS, "plain", false, "sender"},
		{config.ImplicitTLS, "implicit", true, "none"},
		{config.ImplicitTLS, "plain", false, "sender"},
		{config.NoTLS, "starttls", false, "none"},
		{config.NoTLS, "plain", false, "none"},
	} {
		t.Run(string(test.mode)+" to "+test.server, func(t *testing.T) {
			t.Parallel()
			server := newTLSServer(t, test.server)
			mailer := newMailer(t, server, func(c *SMTPConfig) { c.TLS, c.Password = test.mode, "" })
			err := mailer.Send(t.Context(), newMessage())
			if fault(err) != test.fault {
				t.Fatalf("the error is %v", err)
			}
			if inbox := server.Inbox(); err == nil && (len(inbox) != 1 || inbox[0].Secure != test.encrypted) {
				t.Errorf("received %v", inbox)
			}
		})
	}
}

func newTLSServer(t *testing.T, kind string) *mailtest.Server {
	t.Helper()
	switch kind {
	case "plain":
		return mailtest.NewServer(t, mailtest.WithoutTLS)
	case "implicit":
		server := mailtest.NewServer(t)
		server.ServeTLS(t)
		return server
	}
	return mailtest.NewServer(t)
}
