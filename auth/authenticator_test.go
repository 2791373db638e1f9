package auth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// sessions is a function that implements Sessions.
type sessions func(viewer Viewer) (Viewer, bool, error)

func (s sessions) Live(_ context.Context, viewer Viewer) (Viewer, bool, error) { return s(viewer) }

func (s sessions) LiveKey(_ context.Context, id ID, secret, address string) (Viewer, bool, error) {
	viewer, ok, err := s(Viewer{Account: id, Key: true})
	return viewer, ok && secret == keySecret && address == "192.0.2.1", err
}

const keySecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, Keys{usersKey}, Keys{customersKey})
	token, expires, err := tokens.Issue(someUser)
	if err != nil {
		t.Fatal(err)
	}
	promoted := someUser
	promoted.Role, promoted.Expires = Admin, expires
	// The sessions may have cached the viewer of an earlier token.
	live := func(Viewer) (Viewer, bool, error) {
		earlier := promoted
		earlier.Expires = expires.Add(-time.Minute)
		return earlier, true, nil
	}
	ended := func(Viewer) (Viewer, bool, error) { return someUser, false, nil }
	program := Viewer{Account: ID{1, 2}, Key: true}
	key, liveKey := FormatAPIKey(program.Account, keySecret), func(viewer Viewer) (Viewer, bool, error) { return viewer, true, nil }
	errDown := errors.New("no route to 10.0.0.7")
	down := func(Viewer) (Viewer, bool, error) { return Viewer{}, false, errDown }
	for _, test := range []struct {
		name, token string
		sessions    sessions
		viewer      Viewer
		err         error
	}{
		{"a good token gets the current role", token, live, promoted, nil},
		{"a session that has ended", token, ended, Viewer{}, ErrInvalidToken},
		{"a bad token", token + "x", live, Viewer{}, ErrInvalidToken},
		{"sessions unavailable", token, down, Viewer{}, errDown},
		{"an API key", key, liveKey, program, nil},
		{"an API key that has been revoked", key, ended, Viewer{}, ErrInvalidToken},
		{"an API key with another secret", FormatAPIKey(program.Account, strings.Repeat("0", secretDigits)), liveKey, Viewer{}, ErrInvalidToken},
		{"an API key with a wrong checksum", key[:len(key)-1] + "x", liveKey, Viewer{}, ErrInvalidToken},
		{"a part of an API key", key[:len(key)-1], liveKey, Viewer{}, ErrInvalidToken},
		{"an API key when sessions are unavailable", key, down, Viewer{}, errDown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			viewer, err := NewAuthenticator(tokens, test.sessions).Authenticate(t.Context(), test.token, "192.0.2.1")
			if err == nil {
				test.viewer.Address = "192.0.2.1"
			}
			if viewer != test.viewer || !errors.Is(err, test.err) || errors.Is(err, ErrInvalidToken) != errors.Is(test.err, ErrInvalidToken) {
				t.Errorf("got %+v, %v", viewer, err)
			}
		})
	}
}
