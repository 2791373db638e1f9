package resolvers_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, nil, nil, []row{
	{"requestEmailChange", toChange, [6]string{anon, okay, okay, okay, okay, okay}},
	{"confirmEmailChange", input(noInput).with("token", noToken), [6]string{anon, bad, bad, bad, bad, bad}},
	{"undoEmailChange", input(noInput).with("token", noToken, "newPassword", nextPassword), [6]string{bad, bad, bad, bad, bad, bad}},
})

// toChange makes a newcomer the viewer, whose address changes.
var toChange = input(func(c *cell) variables {
	asNewcomer(c)
	return variables{"email": c.newEmail(), "password": password}
})

const (
	requestChange = `mutation($email: EmailAddress!, $password: String!) { requestEmailChange(input: {email: $email, password: $password}) {
		expiresAt viewer { ... on User { email emailVerified } ... on Customer { email emailVerified } } } }`
	confirmChange = `mutation($token: String!) { confirmEmailChange(input: {token: $token}) {
		viewer { ... on User { email emailVerified } ... on Customer { email emailVerified } } } }`
	undoChange = `mutation($token: String!, $password: String!) {
		undoEmailChange(input: {token: $token, newPassword: $password}) { audience endedSessions } }`
	updateUserEmail     = `mutation($id: ID!, $email: EmailAddress!) { updateUser(input: {id: $id, email: $email}) { user { email } } }`
	updateCustomerEmail = `mutation($id: ID!, $email: EmailAddress!) { updateCustomer(input: {id: $id, email: $email}) { customer { email } } }`
)

// asksToChange asks for another address, and returns the token that is mailed there.
func (s *server) asksToChange(a account, email string) (token string) {
	s.t.Helper()
	s.must(a.token, requestChange, variables{"email": email, "password": password})
	return s.tokenSentTo(email)
}

// changes changes an account's address, and returns the account with it, and the token that undoes that.
func (s *server) changes(a account, email string) (changed account, undo string) {
	s.t.Helper()
	s.must(a.token, confirmChange, variables{"token": s.asksToChange(a, email)})
	return account{a.id, email, a.token, a.refresh}, s.tokenSentTo(a.email)
}

// TestEmailChange changes the address of a user and of a customer, and undoes that.
func TestEmailChange(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for _, test := range []struct {
			who    account
			email  string
			update string
		}{
			{s.hire(ada, "Uma"), "Uma@new.example", updateUserEmail},
			{s.addCustomer(ada, "cleo@example.org"), "Cleo@new.example", updateCustomerEmail},
		} {
			who := test.who
			s.verify(who)
			if problem := s.refused(who.token, test.update, variables{"id": who.id, "email": test.email}, bad); problem.Extensions.Fields[0].Path != "input.email" {
				t.Errorf("changing the own address with an update is refused with %+v", problem)
			}
			for path, wrong := range map[string]variables{
				"input.password": {"email": test.email, "password": "a wrong guess"},
				"input.email":    {"email": who.email, "password": password},
			} {
				if problem := s.refused(who.token, requestChange, wrong, bad); problem.Extensions.Fields[0].Path != path {
					t.Errorf("%v is refused with %+v", wrong, problem)
				}
			}
			got := s.must(who.token, requestChange, variables{"email": test.email, "password": password})
			if got.text("requestEmailChange.viewer.email") != who.email || got.text("requestEmailChange.expiresAt") == "" {
				t.Errorf("asking answers %s", got.raw)
			}
			token := s.tokenSentTo(test.email)
			s.refused("", confirmChange, variables{"token": token}, anon)
			s.refused(ada.token, confirmChange, variables{"token": token}, bad)
			got = s.must(who.token, confirmChange, variables{"token": token})
			if got.text("confirmEmailChange.viewer.email") != test.email || got.at("confirmEmailChange.viewer.emailVerified") != true {
				t.Errorf("confirming answers %s", got.raw)
			}
			s.refused(who.token, confirmChange, variables{"token": token}, bad)
			if _, ok := s.logInAs(who, password); ok {
				t.Error("the former address is accepted")
			}
			changed := account{id: who.id, email: test.email}
			if _, ok := s.logInAs(changed, password); !ok {
				t.Error("the new address isn't accepted")
			}

			undo := s.tokenSentTo(who.email)
			s.refused("", undoChange, variables{"token": undo, "password": "short"}, bad)
			got = s.must("", undoChange, variables{"token": undo, "password": nextPassword})
			if got.text("undoEmailChange.audience") != audienceOf(who) || got.at("undoEmailChange.endedSessions") != 2.0 || s.alive(who) {
				t.Errorf("undoing answers %s", got.raw)
			}
			s.tokenRefused(undoChange, undo)
			if _, ok := s.logInAs(changed, password); ok {
				t.Error("the address is accepted that was undone")
			}
			if _, ok := s.logInAs(who, nextPassword); !ok {
				t.Error("the former address isn't accepted again")
			}
		}
	})
}

// TestCrossingEmailChanges checks what becomes of a change when something else happens to the account or the address meanwhile.
func TestCrossingEmailChanges(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for name, test := range map[string]func(s *server, uma account){
			"Second": func(s *server, uma account) { // only the last of two changes that wait can be confirmed
				first, second := s.asksToChange(uma, "first@new.example"), s.asksToChange(uma, "second@new.example")
				s.refused(uma.token, confirmChange, variables{"token": first}, bad)
				s.must(uma.token, confirmChange, variables{"token": second})
			},
			"Taken": func(s *server, uma account) { // a token waits until the address is free again
				token := s.asksToChange(uma, "taken@new.example")
				other := s.must(ada.token, inviteUser, variables{"in": variables{"email": "Taken@new.example"}}).text("inviteUser.user.id")
				s.refused(uma.token, confirmChange, variables{"token": token}, "CONFLICT")
				s.must(ada.token, `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`, variables{"id": other})
				s.must(uma.token, confirmChange, variables{"token": token})
			},
			"Password": func(s *server, uma account) { // whoever knew the former password can't change the address any more
				token := s.asksToChange(uma, "password@new.example")
				s.must(uma.token, `mutation { changePassword(input: {currentPassword: "correct horse", newPassword: "battery staple"}) { endedSessions } }`, nil)
				s.refused(uma.token, confirmChange, variables{"token": token}, bad)
			},
			"Admin": func(s *server, uma account) { // what an admin decides is final
				_, undo := s.changes(uma, "admin@new.example")
				token := s.asksToChange(uma, "admin2@new.example")
				s.must(ada.token, updateUserEmail, variables{"id": uma.id, "email": "decided@new.example"})
				s.refused(uma.token, confirmChange, variables{"token": token}, bad)
				s.tokenRefused(undoChange, undo)
			},
			"Twice": func(s *server, uma account) { // the first address outranks the second
				changed, undoFirst := s.changes(uma, "twice1@new.example")
				changed, undoSecond := s.changes(changed, "twice2@new.example")
				s.must("", undoChange, variables{"token": undoFirst, "password": nextPassword})
				s.tokenRefused(undoChange, undoSecond)
				if _, ok := s.logInAs(uma, nextPassword); !ok || s.alive(changed) {
					t.Error("the first address isn't restored")
				}
			},
			"Stepwise": func(s *server, uma account) { // who undoes the second change can't keep the first from being undone
				changed, undoFirst := s.changes(uma, "step1@new.example")
				_, undoSecond := s.changes(changed, "step2@new.example")
				s.must("", undoChange, variables{"token": undoSecond, "password": nextPassword})
				if _, ok := s.logInAs(changed, nextPassword); !ok {
					t.Error("the second address isn't restored")
				}
				s.must("", undoChange, variables{"token": undoFirst, "password": password})
				if _, ok := s.logInAs(uma, password); !ok {
					t.Error("the first address isn't restored")
				}
			},
			"Reused": func(s *server, uma account) { // an address that another account has got waits for an admin
				_, undo := s.changes(uma, "reused@new.example")
				other := s.must(ada.token, inviteUser, variables{"in": variables{"email": uma.email}}).text("inviteUser.user.id")
				s.refused("", undoChange, variables{"token": undo, "password": nextPassword}, "CONFLICT")
				s.must(ada.token, updateUserEmail, variables{"id": other, "email": "moved@new.example"})
				s.must("", undoChange, variables{"token": undo, "password": nextPassword})
			},
		} {
			uma := s.hire(ada, name)
			s.verify(uma)
			t.Run(name, func(t *testing.T) { test(s.in(t), uma) })
		}
	})
}

// TestEmailChangeOfUnverified checks that nobody but the holder gets the account whose address was mistyped: the former address gets no
// link.
func TestEmailChangeOfUnverified(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		cleo := s.addCustomer(s.signUpUser("Ada"), "mistyped@example.org")
		s.must(cleo.token, confirmChange, variables{"token": s.asksToChange(cleo, "cleo@example.org")})
		if n := len(s.links(store.Eq("action", string(db.LinkUndoEmailChange)))); n != 0 {
			t.Errorf("%d links can undo the change", n)
		}
		if seen := s.must(cleo.token, everything, nil); seen.at("viewer.emailVerified") != true {
			t.Errorf("the customer sees %s", seen.raw)
		}
	})
}

// TestEmailChangeWithoutProof checks that a server that doesn't require verified addresses changes them at once, for the password.
func TestEmailChangeWithoutProof(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cleo := s.signUpUser("Ada"), s.signUpCustomer("Cleo")
		uma := s.hire(ada, "Uma")
		s.verify(uma)
		s.refused(cleo.token, updateCustomerEmail, variables{"id": cleo.id, "email": "cleo@new.example"}, bad)
		s.must(cleo.token, updateCustomerEmail, variables{"id": cleo.id, "email": "Cleo@example.org"}) // which is the same
		s.refused(uma.token, requestChange, variables{"email": "uma@new.example", "password": "a wrong guess"}, bad)
		s.refused(uma.token, requestChange, variables{"email": "ADA@example.com", "password": password}, "CONFLICT")
		got := s.must(uma.token, requestChange, variables{"email": "uma@new.example", "password": password})
		if got.text("requestEmailChange.viewer.email") != "uma@new.example" || got.at("requestEmailChange.expiresAt") != nil ||
			got.at("requestEmailChange.viewer.emailVerified") != false {
			t.Errorf("asking answers %s", got.raw)
		}
		s.must("", undoChange, variables{"token": s.tokenSentTo(uma.email), "password": nextPassword})
		if _, ok := s.logInAs(uma, nextPassword); !ok {
			t.Error("the former address isn't restored")
		}
	})
}

// TestEmailChangeIsConfirmedOnce lets many use the tokens at the same time.
func TestEmailChangeIsConfirmedOnce(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		uma := s.hire(s.signUpUser("Ada"), "Uma")
		s.verify(uma)
		viewer, token := s.viewer(uma), s.asksToChange(uma, "uma@new.example")
		once := func(what string, use func() error) {
			t.Helper()
			var used atomic.Int32
			atOnce(5, func(int) {
				err := use()
				if err == nil {
					used.Add(1)
				} else if store.CodeOf(err) != store.BadInput {
					t.Error(err)
				}
			})
			if used.Load() != 1 {
				t.Errorf("a change was %s %d times", what, used.Load())
			}
		}
		once("confirmed", func() error { return s.db.ConfirmEmailChange(t.Context(), viewer, token) })
		undo := s.tokenSentTo(uma.email)
		once("undone", func() error {
			_, err := s.db.UndoEmailChange(t.Context(), undo, nextPassword)
			return err
		})
		user, err := s.db.Users.Get(t.Context(), auth.SystemScope(), idOf(t, uma.id))
		if err != nil || user.Email != uma.email {
			t.Errorf("the address is %s, %v", user.Email, err)
		}
	})
}

// TestUndoEndsWhatCameWithTheChange checks that the owner of an account gets in again with the former address: the second factor and the
// API keys that came after the change are gone, and those from before it stay.
func TestUndoEndsWhatCameWithTheChange(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for name, hasFactor := range map[string]bool{"Uma": false, "Otto": true} {
			who := s.hire(ada, name)
			s.verify(who)
			_, former := s.createKey(who, variables{"name": "former"})
			if hasFactor {
				s.enrol(who)
			}
			changed, undo := s.changes(who, "thief-of-"+name+"@evil.example")
			if !hasFactor {
				s.enrol(changed)
			}
			_, later := s.createKey(changed, variables{"name": "later"})
			s.must("", undoChange, variables{"token": undo, "password": nextPassword})
			if !s.alive(account{id: who.id, token: former}) || s.alive(account{id: who.id, token: later}) {
				t.Errorf("%s: the former key is revoked, or the later one isn't", name)
			}
			restored, ok := s.logInAs(who, nextPassword)
			if asked := ok && restored.token == ""; asked != hasFactor {
				t.Errorf("%s is asked for a code: %v, want %v", name, asked, hasFactor)
			}
			if restored.token == "" {
				continue
			}
			if kinds := s.kindsOfEvents(restored); strings.Count(kinds, "TWO_FACTOR_RESET") != 1 || strings.Count(kinds, "API_KEY_REVOKED") != 1 {
				t.Errorf("the security events are %s", kinds)
			}
		}
	})
}
