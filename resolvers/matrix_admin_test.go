package resolvers_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

// activeAdmins counts the admins who may log in.
func (s *server) activeAdmins() int {
	s.t.Helper()
	n, err := s.db.Users.Count(s.t.Context(), auth.SystemScope(),
		store.And(store.Eq("role", string(auth.Admin)), store.IsNull("deactivated_at")))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestFirstUserBecomesAdmin checks that exactly one user becomes the admin, even if many sign up at once.
func TestFirstUserBecomesAdmin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options db.Options
		// addresses is the number of distinct addresses.
		addresses, users int
	}{
		"closed":              {db.Options{}, 10, 1},
		"open":                {db.Options{AllowStaffSignup: true}, 10, 10},
		"closed, one address": {db.Options{}, 1, 1},
		"open, one address":   {db.Options{AllowStaffSignup: true}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, s *server) {
				s = serve(t, s.store, test.options)
				var made, admins atomic.Int32
				atOnce(10, func(i int) {
					user, err := s.db.SignUpUser(t.Context(),
						db.NewUser{Name: "U", Email: fmt.Sprintf("user%d@example.com", i%test.addresses), Password: password}, db.Setup{Local: true})
					switch code := store.CodeOf(err); {
					case err == nil:
						made.Add(1)
						if user.Role == auth.Admin {
							admins.Add(1)
						}
					case code != store.Forbidden && code != store.Conflict:
						t.Error(err)
					}
				})
				if int(made.Load()) != test.users || admins.Load() != 1 || s.activeAdmins() != 1 {
					t.Errorf("%d sign up, %d of them as admins, and there are %d admins; want %d and 1",
						made.Load(), admins.Load(), s.activeAdmins(), test.users)
				}
			})
		})
	}
}

func TestStaffSignsUpOnlyIfAllowed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, closed *server) {
		open := serve(t, closed.store, db.Options{AllowStaffSignup: true})
		const signUp = `mutation($email: EmailAddress!) { signUpUser(input: {name: "N", email: $email, password: "correct horse"}) {
			user { role } tokens { accessToken } } }`
		role := func(a answer) string { return a.text("signUpUser.user.role") }
		if a := open.must("", signUp, variables{"email": "a@example.com"}); role(a) != "ADMIN" {
			t.Errorf("the first is %s", a.raw)
		}
		closed.refused("", signUp, variables{"email": "b@example.com"}, deny)
		if a := open.must("", signUp, variables{"email": "b@example.com"}); role(a) != "USER" {
			t.Errorf("the second is %s", a.raw)
		}
		closed.refused("", signUp, variables{"email": "c@example.com"}, deny)
	})
}

// TestLastAdminStays tries to remove the last admin, after which nobody could become one.
func TestLastAdminStays(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		s.hire(ada, "Uma")
		bob := s.hire(ada, "Bob")
		const (
			demote     = `mutation($id: ID!) { updateUser(input: {id: $id, role: USER}) { user { role } } }`
			promote    = `mutation($id: ID!) { updateUser(input: {id: $id, role: ADMIN}) { user { role } } }`
			deactivate = `mutation($id: ID!) { deactivateUser(input: {id: $id}) { user { id } } }`
			remove     = `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`
			cascade    = `mutation($id: ID!) { deleteUser(input: {id: $id, cascade: true}) { deletedId } }`
		)
		interaction := s.createInteraction(ada, s.signUpCustomer("Cleo"), "plan")
		stays := func(why string) {
			t.Helper()
			for _, mutation := range []string{demote, deactivate, remove, cascade} {
				s.refused(ada.token, mutation, variables{"id": ada.id}, "CONFLICT")
			}
			if s.activeAdmins() != 1 || !s.alive(ada) {
				t.Errorf("%s: there are %d admins", why, s.activeAdmins())
			}
			s.must(ada.token, `query($id: ID!) { interaction(id: $id) { id } }`, variables{"id": interaction})
		}
		stays("only users beside them")
		s.must(ada.token, promote, variables{"id": bob.id})
		s.must(ada.token, deactivate, variables{"id": bob.id})
		stays("another admin who is deactivated")
		s.must(ada.token, promote, variables{"id": ada.id}) // no change
		s.must(ada.token, `mutation($id: ID!) { reactivateUser(input: {id: $id}) { user { id } } }`, variables{"id": bob.id})
		s.must(ada.token, demote, variables{"id": ada.id})
		s.refused(ada.token, promote, variables{"id": ada.id}, deny)
		if n := s.activeAdmins(); n != 1 {
			t.Errorf("there are %d admins", n)
		}
	})
}

// TestAdminsAgainstEachOther makes the only two admins demote each other at the same time.
func TestAdminsAgainstEachOther(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		user := auth.User
		scopes := [2]auth.Scope{}
		for i := range scopes {
			scopes[i] = s.newAdmin(i)
		}
		ways := []func(scope auth.Scope, id store.ID) error{
			func(scope auth.Scope, id store.ID) error {
				_, err := s.db.UpdateUser(t.Context(), scope, id, nil, db.UserChanges{Role: &user})
				return err
			},
			func(scope auth.Scope, id store.ID) error {
				_, err := s.db.DeactivateUser(t.Context(), scope, id, nil, nil)
				return err
			},
			func(scope auth.Scope, id store.ID) error {
				_, err := s.db.DeleteUser(t.Context(), scope, id, nil, false)
				return err
			},
		}
		for round := range 18 {
			// The mutations change from round to round, which covers all combinations.
			atOnce(2, func(i int) {
				way := ways[(round+i*(round/3))%3]
				err := way(scopes[i], scopes[1-i].Account)
				if code := store.CodeOf(err); err != nil && code != store.Conflict && code != store.NotFound {
					t.Error(err)
				}
			})
			if s.activeAdmins() == 0 {
				t.Fatalf("in round %d, no admin is left", round)
			}
			for i := range scopes {
				id := scopes[i].Account
				left, err := s.db.Users.Get(t.Context(), auth.SystemScope(), id)
				if err != nil || left.Role != auth.Admin || left.DeactivatedAt != nil {
					scopes[i] = s.newAdmin(100 + 2*round + i)
				}
			}
		}
	})
}

func (s *server) newAdmin(i int) auth.Scope {
	s.t.Helper()
	made, err := s.db.CreateUser(s.t.Context(), auth.SystemScope(),
		db.NewUser{Name: "A", Email: fmt.Sprintf("admin%d@example.com", i), Password: password, Role: auth.Admin})
	if err != nil {
		s.t.Fatal(err)
	}
	return auth.Scope{Role: auth.Admin, Account: made.ID}
}
