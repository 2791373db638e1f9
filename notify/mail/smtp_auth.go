package mail

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"

	"crm/auth/mailtoken"
)

// mechanism is a way to log in (RFC 4954).
type mechanism struct {
	name string
	auth smtp.Auth
	// readable says that who reads the session learns the password or the token.
	readable bool
	// secrets are what the session may not reveal, as it would appear there.
	secrets []string
}

// logIn logs in with the first mechanism that the server offers, provided that nobody but the server learns the password or
// the token.
func (s *session) logIn(ctx context.Context, secure bool) error {
	offers, parameters := s.client.Extension("AUTH")
	if !offers {
		return noLogIn("it doesn't offer AUTH here; perhaps SMTP_PORT or SMTP_TLS is wrong, or it needs no log-in")
	}
	offered := strings.Fields(strings.ToUpper(parameters))
	mechanisms, err := s.mechanisms(ctx)
	if err != nil {
		return &SenderError{err}
	}
	readable := false
	for _, m := range mechanisms {
		switch {
		case !slices.Contains(offered, m.name):
		case m.readable && !secure && !isLocal(s.smtp.config.Host):
			readable = true
		default:
			return s.try(m)
		}
	}
	if readable {
		return noLogIn("%s offers no TLS, and the password or token is not sent without it", s.smtp.config.Host)
	}
	return noLogIn("the server offers %s, which is none of %s", strings.Join(offered, ", "), namesOf(mechanisms))
}

func noLogIn(format string, args ...any) error {
	return &SenderError{fmt.Errorf("cannot log in to the mail server: "+format, args...)}
}

func namesOf(mechanisms []mechanism) string {
	names := make([]string, len(mechanisms))
	for i, m := range mechanisms {
		names[i] = m.name
	}
	return strings.Join(names, ", ")
}

// mechanisms returns the mechanisms that the configuration has secrets for, in the order of preference.
func (s *session) mechanisms(ctx context.Context) ([]mechanism, error) {
	var (
		config     = s.smtp.config
		mechanisms []mechanism
	)
	if config.OAuth.IsSet() {
		token, err := s.smtp.tokens.Get(ctx)
		if err != nil {
			return nil, err
		}
		auth := &xoauth2{username: config.Username, token: token}
		mechanisms = append(mechanisms, mechanism{mailtoken.Mechanism, auth, true, mailtoken.Secrets(config.Username, token)})
	}
	if password := config.Password; password != "" {
		secrets := []string{encodeB("\x00" + config.Username + "\x00" + password), encodeB(password), password}
		mechanisms = append(mechanisms,
			mechanism{"PLAIN", smtp.PlainAuth("", config.Username, password, config.Host), true, secrets},
			mechanism{"LOGIN", &login{username: config.Username, password: password}, true, secrets},
			mechanism{"CRAM-MD5", smtp.CRAMMD5Auth(config.Username, password), false, secrets},
		)
	}
	return mechanisms, nil
}

func (s *session) try(m mechanism) error {
	err := s.within(s.smtp.timeouts.command, func() error { return s.client.Auth(m.auth) })
	if err == nil {
		return nil
	}
	s.smtp.tokens.Forget()
	return refusedSender("the log-in by "+m.name, redact(err, m.secrets))
}

// redact removes secrets from a server's reply to them.
func redact(err error, secrets []string) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return err
	}
	text := reply.Msg
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return &textproto.Error{Code: reply.Code, Msg: text}
}

// isLocal reports whether a host is this machine, by the same rule as net/smtp.
func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// login is the mechanism LOGIN: the server asks for the name, then for the password, in words of its own.
type login struct {
	username, password string
	asked              int
}

// Start implements smtp.Auth.
func (a *login) Start(*smtp.ServerInfo) (proto string, toServer []byte, err error) {
	a.asked = 0
	return "LOGIN", nil, nil
}

// Next implements smtp.Auth.
func (a *login) Next(_ []byte, more bool) (toServer []byte, err error) {
	if !more {
		return nil, nil //nolint:nilnil // smtp.Auth wants it
	}
	a.asked++
	switch a.asked {
	case 1:
		return []byte(a.username), nil
	case 2:
		return []byte(a.password), nil
	}
	return nil, errors.New("the server asks for more than a name and a password")
}

// xoauth2 is the mechanism XOAUTH2.
type xoauth2 struct{ username, token string }

// Start implements smtp.Auth.
func (a *xoauth2) Start(*smtp.ServerInfo) (proto string, toServer []byte, err error) {
	return mailtoken.Mechanism, mailtoken.Response(a.username, a.token), nil
}

// Next implements smtp.Auth, for a server that refuses the token.
func (a *xoauth2) Next(_ []byte, more bool) (toServer []byte, err error) {
	if more {
		return []byte{}, nil
	}
	return nil, nil //nolint:nilnil // smtp.Auth wants it
}
