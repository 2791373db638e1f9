package resolvers_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestResetTokenIsUsedOnce lets many use a token at the same time.
func TestResetTokenIsUsedOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		token := s.forget(ada)
		var used atomic.Int32
		atOnce(6, func(i int) {
			_, err := s.db.ResetPassword(t.Context(), token, fmt.Sprint("a good password", i))
			if err == nil {
				used.Add(1)
			} else if store.CodeOf(err) != store.BadInput {
				t.Error(err)
			}
		})
		if used.Load() != 1 {
			t.Errorf("a token was used %d times", used.Load())
		}
	})
}

// TestTokensSurviveNewKeys checks that a mailed token can be used after the server's keys were replaced, and that only somebody
// with the key can derive it from what is stored.
func TestTokensSurviveNewKeys(t *testing.T) {
	t.Parallel()
	engine := openSQLite(t)
	first := serve(t, engine, db.Options{})
	ada := first.signUpUser("Ada")
	token := first.forget(ada)
	link := first.links(store.Filter{})[0]
	for _, test := range []struct {
		name string
		keys [][]byte
		ok   bool
	}{
		{"another key is first", [][]byte{[]byte("another key"), []byte("a key for cursors")}, true},
		{"another key", [][]byte{[]byte("another key")}, false},
	} {
		d := db.New(engine, nil, db.Options{CursorKeys: test.keys})
		if got, ok := d.LinkToken(link); ok != test.ok || ok && got != token {
			t.Errorf("%s: the token is derived: %t", test.name, ok)
		}
	}
	for _, pointer := range link.Pointers(nil) {
		if text, ok := pointer.(*string); ok && *text != "" && strings.Contains(token, *text) {
			t.Errorf("the token is stored in %q", *text)
		}
	}
	first.must("", resetPassword, variables{"token": token, "password": nextPassword})
}
