package auth

import (
	"context"
	"errors"
	"testing"
	"time"
)

// sessions is a function that implements Sessions.
type sessions func(viewer Viewer) (Viewer, bool, error)

func (s sessions) Live(_ context.Context, viewer Viewer) (Viewer, bool, error) { return s(viewer) }

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
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			viewer, err := NewAuthenticator(tokens, test.sessions).Authenticate(t.Context(), test.token)
			if viewer != test.viewer || !errors.Is(err, test.err) || errors.Is(err, ErrInvalidToken) != errors.Is(test.err, ErrInvalidToken) {
				t.Errorf("got %+v, %v", viewer, err)
			}
		})
	}
}
