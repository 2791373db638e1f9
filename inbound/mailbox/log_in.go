package mailbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"crm/auth/mailtoken"
)

// errExpired says that the server may have ended a session because its access token has expired.
var errExpired = errors.New("the server has ended a session with an access token")

// logIn logs in with an access token, if the server takes any, or else with the password.
func (s *session) logIn(ctx context.Context) error {
	config := s.reader.config
	if config.OAuth.IsSet() && s.client.Caps().Has(imap.AuthCap(mailtoken.Mechanism)) {
		return s.logInByToken(ctx)
	}
	if config.Password == "" {
		return errors.New("cannot log in: the server doesn't offer " + mailtoken.Mechanism + " here; perhaps IMAP_PORT or IMAP_TLS is wrong")
	}
	if err := s.client.Login(config.User, config.Password).Wait(); err != nil {
		return fmt.Errorf("cannot log in: %w", redacted(err, config.Password))
	}
	return nil
}

// logInByToken logs in with an access token, and with another one if the server refuses one that has been used before.
func (s *session) logInByToken(ctx context.Context) error {
	tokens, user, refused := s.reader.tokens, s.reader.config.User, ""
	for {
		token, err := tokens.Get(ctx)
		if err != nil {
			return fmt.Errorf("cannot log in: %w", err)
		}
		if token == refused {
			tokens.Forget()
			return errors.New("cannot log in: the server refuses the access token")
		}
		err = s.client.Authenticate(&xoauth2{user, token})
		if err == nil {
			s.byToken = true
			return nil
		}
		tokens.Forget()
		var reply *imap.Error
		if refused != "" || !errors.As(err, &reply) {
			return fmt.Errorf("cannot log in with an access token: %w", redacted(err, mailtoken.Secrets(user, token)...))
		}
		refused = token
	}
}

// redacted removes secrets from what a server replies to them.
func redacted(err error, secrets ...string) error {
	text := err.Error()
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// ended returns the error for the end of a session after the log-in. Servers end one whose token has expired, each in words of its own,
// or refuse all that it asks for.
func (s *session) ended(err error) error {
	if !s.byToken || s.reader.config.OAuth.Command == "" {
		return err
	}
	var reply *imap.Error
	closed := false
	select {
	case <-s.client.Closed():
		closed = true
	default:
	}
	if !closed && !errors.As(err, &reply) {
		return err
	}
	s.reader.tokens.Forget()
	return fmt.Errorf("%w: %w", errExpired, err)
}

// xoauth2 is the client of XOAUTH2.
type xoauth2 struct{ user, token string }

// Start implements sasl.Client.
func (x *xoauth2) Start() (mechanism string, response []byte, err error) {
	return mailtoken.Mechanism, mailtoken.Response(x.user, x.token), nil
}

// Next implements sasl.Client, for a server that refuses the token. The library would write an empty response as "=", which is none here;
// servers ignore what it is, and this one is that of OAUTHBEARER (RFC 7628, 3.2.3).
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{1}, nil }
