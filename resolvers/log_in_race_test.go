package resolvers_test

import (
	"context"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"crm/auth"
	"crm/db"
)

// interrupted calls meanwhile after it has verified a password, during the log-in.
type interrupted struct {
	db.Passwords

	meanwhile func()
}

func (p *interrupted) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	ok, outdated, err = p.Passwords.Verify(ctx, hash, password)
	if do := p.meanwhile; do != nil {
		p.meanwhile = nil
		do()
	}
	return ok, outdated, err
}

// TestLogInsWhoseRightEnds checks that an event that ends an account's sessions also ends one that is about to begin.
func TestLogInsWhoseRightEnds(t *testing.T) {
	t.Parallel()
	const (
		setPassword = `mutation($id: ID!) {
			setPassword(input: {id: $id, newPassword: "battery staple"}) { __typename } }`
		rename = `mutation($id: ID!) { updateUser(input: {id: $id, name: "Renamed"}) { __typename } }`
	)
	deactivate := `mutation($id: ID!) { deactivateUser(input: {id: $id}) { __typename } }`
	for name, test := range map[string]struct {
		meanwhile string
		want      bool
	}{
		"another password": {setPassword, false},
		"deactivated":      {deactivate, false},
		"another name":     {rename, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				hasher, err := auth.NewHasher(bcrypt.MinCost, 2)
				if err != nil {
					t.Fatal(err)
				}
				passwords := &interrupted{Passwords: hasher}
				s = serveWith(t, s.store, passwords, db.Options{})
				admin := s.signUpUser("Ada")
				user := s.hire(admin, "Uma")
				passwords.meanwhile = func() { s.must(admin.token, test.meanwhile, variables{"id": user.id}) }
				a := s.ask("", `mutation($email: EmailAddress!, $password: String!) {
					logInUser(input: {email: $email, password: $password}) { tokens { accessToken } } }`,
					variables{"email": user.email, "password": password})
				if got := a.text("logInUser.tokens.accessToken") != ""; got != test.want {
					t.Errorf("logged in: %t, want %t: %s", got, test.want, a.raw)
				}
			})
		})
	}
}

// TestEmailChangesAtOnce changes an address while another change of it has checked the password.
func TestEmailChangesAtOnce(t *testing.T) {
	alwaysOnEachEngine(t, func(t *testing.T, s *server) {
		passwords := &interrupted{Passwords: newTestHasher(t)}
		s = serveWith(t, s.store, passwords, db.Options{})
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		passwords.meanwhile = func() {
			s.must(uma.token, requestChange, variables{"email": "first@new.example", "password": password})
		}
		problem := s.refused(uma.token, requestChange, variables{"email": "second@new.example", "password": password}, conflict)
		if len(problem.Extensions.Fields) != 0 {
			t.Errorf("the second is refused with %+v", problem)
		}
	})
}
