package mailtest

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is defined with it
	"encoding/hex"
	"errors"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Token is the access token of the server's account.
const Token = "ya29.a0-token_of-the/account="

// Mechanisms makes a server offer these mechanisms instead of PLAIN.
func Mechanisms(names ...string) func(*Server) {
	return func(s *Server) { s.mechanisms = names }
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string { return s.server.mechanisms }

// Auth implements smtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return s.logIn(username, password) }), nil
	case sasl.Login:
		var username string
		return dialogue{
			func([]byte) ([]byte, error) { return []byte("User Name\x00"), nil }, // as Exchange asks
			func(name []byte) ([]byte, error) { username = string(name); return []byte("Password\x00"), nil },
			func(password []byte) ([]byte, error) { return nil, s.logIn(username, string(password)) },
		}.server(), nil
	case "CRAM-MD5":
		const challenge = "<1896.697170952@mail.example.com>"
		return dialogue{
			func([]byte) ([]byte, error) { return []byte(challenge), nil },
			func(response []byte) ([]byte, error) {
				mac := hmac.New(md5.New, []byte(Password))
				mac.Write([]byte(challenge))
				return nil, s.logInWith(response, User+" "+hex.EncodeToString(mac.Sum(nil)))
			},
		}.server(), nil
	case "XOAUTH2":
		return dialogue{
			func(response []byte) ([]byte, error) {
				if string(response) != "user="+User+"\x01auth=Bearer "+Token+"\x01\x01" {
					return []byte(`{"status":"401","schemes":"bearer","scope":"https://mail.example.com/"}`), nil
				}
				s.mail.User = User
				return nil, nil
			},
			func([]byte) ([]byte, error) { return nil, errRefused("accepted: " + Token) },
		}.server(), nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) logIn(username, password string) error {
	if username != User || password != Password {
		return errRefused(password)
	}
	s.mail.User = username
	return nil
}

// logInWith logs in if the client's response is the expected one.
func (s *session) logInWith(response []byte, want string) error {
	if string(response) != want {
		return errRefused("accepted")
	}
	s.mail.User = User
	return nil
}

// errRefused is the reply to a wrong password, which it repeats as some servers do.
func errRefused(password string) error {
	return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "not " + password}
}

// dialogue are the steps of a mechanism: each gets the client's response and returns the next challenge, or none at the end.
type dialogue []func(response []byte) (challenge []byte, err error)

func (d dialogue) server() sasl.Server { return &dialogueServer{steps: d} }

type dialogueServer struct{ steps dialogue }

// Next implements sasl.Server.
func (d *dialogueServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if len(d.steps) == 0 {
		return nil, false, errors.New("the client says too much")
	}
	step := d.steps[0]
	d.steps = d.steps[1:]
	challenge, err = step(response)
	return challenge, challenge == nil, err
}
