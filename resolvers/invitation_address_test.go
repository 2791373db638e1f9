package resolvers_test

import (
	"strings"
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

// TestInvitationToAnotherAddress changes the addresses of accounts that are invited: the invitation goes to the new one.
func TestInvitationToAnotherAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		user := s.invite(ada, "uma@wrong.example")
		named := account{email: "ned@wrong.example"}
		named.id = s.must(ada.token, inviteUser, variables{"in": variables{"email": named.email, "name": "Ned", "role": "USER"}}).text("inviteUser.user.id")
		customer := s.inviteCustomer(ada, "cleo@wrong.example")
		for _, test := range []struct {
			who         account
			update      string
			email, name string
		}{
			{user, "updateUser", "uma@right.example", "uma@right.example"},
			{named, "updateUser", "ned@right.example", "Ned"},
			{customer, "updateCustomer", "cleo@right.example", ""},
		} {
			update := `mutation($id: ID!, $email: EmailAddress!) { ` + test.update + `(input: {id: $id, email: $email}) {
				` + strings.ToLower(strings.TrimPrefix(test.update, "update")) + ` { name invitedAt } } }`
			result := test.update + "." + strings.ToLower(strings.TrimPrefix(test.update, "update"))
			before := s.links(store.Eq("account", test.who.id))[0]
			got := s.must(ada.token, update, variables{"id": test.who.id, "email": test.email})
			links := s.links(store.Eq("account", test.who.id))
			if len(links) != 1 || links[0].ID == before.ID || links[0].Email != test.email || got.at(result+".invitedAt") == nil {
				t.Errorf("%s: %d links, the first is %+v; %s", test.who.email, len(links), links, got.raw)
				continue
			}
			if invited, err := time.Parse(time.RFC3339, got.text(result+".invitedAt")); err != nil || invited.Before(before.CreatedAt) {
				t.Errorf("%s is invited at %s, error %v", test.who.email, invited, err)
			}
			if name := got.text(result + ".name"); test.name != "" && name != test.name {
				t.Errorf("%s is called %s", test.who.email, name)
			}
			s.must(ada.token, update, variables{"id": test.who.id, "email": strings.ToUpper(test.email)})
			if again := s.links(store.Eq("account", test.who.id)); len(again) != 1 || again[0].ID != links[0].ID {
				t.Errorf("%s: the same address has other links, %+v", test.who.email, again)
			}
			s.must("", acceptInvitation, variables{"token": s.mailedToken(test.who), "password": password})
		}
	})
}

// TestInvitationThatCannotBeMailed changes the addresses of invited accounts to which no other invitation can be mailed: nobody waits for
// one that is useless.
func TestInvitationThatCannotBeMailed(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		silent := s.inviteCustomer(ada, "cleo@example.org")
		s.must(ada.token, `mutation($id: ID!) { updateCustomer(input: {id: $id, email: null}) { customer { id } } }`, variables{"id": silent.id})

		gone := s.invite(ada, "uma@example.com")
		s.must(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": gone.id})
		s.must(ada.token, updateUserEmail, variables{"id": gone.id, "email": "uma@new.example"})

		stranger := serve(t, s.store, db.Options{}).signUpCustomer("Cato")
		s.must(ada.token, inviteCustomer, variables{"id": stranger.id})
		s.must(stranger.token, confirmChange, variables{"token": s.asksToChange(stranger, "stranger@example.org")})
		for list, query := range map[string]string{"users": invitedUsers, "customers": invitedCustomers} {
			if waiting := s.must(ada.token, query, nil).ids(list); len(waiting) > 0 {
				t.Errorf("the invited %s are %v", list, waiting)
			}
		}
	})
}
