package resolvers_test

import (
	"strings"
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, nil, nil, []row{
	{"inviteUser", withNewEmail, [6]string{anon, deny, deny, deny, deny, okay}},
	{"inviteCustomer", onUnregistered, [6]string{anon, deny, deny, okay, okay, okay}},
	{"inviteCustomer", onCustomer, [6]string{anon, deny, deny, bad, bad, bad}},
	{"resendInvitation", onInvitedUser, [6]string{anon, deny, deny, deny, deny, okay}},
	{"resendInvitation", onInvitedCustomer, [6]string{anon, deny, deny, okay, okay, okay}},
	{"revokeInvitation", onInvitedUser, [6]string{anon, deny, deny, deny, deny, okay}},
	{"revokeInvitation", onInvitedCustomer, [6]string{anon, deny, deny, okay, okay, okay}},
	{"acceptInvitation", withInvitation, [6]string{okay, okay, okay, okay, okay, okay}},
	{"acceptInvitation", withInvitation.with("token", noToken), [6]string{bad, bad, bad, bad, bad, bad}},
})

// onUnregistered returns the id of a new customer who has no password.
var onUnregistered = input(func(c *cell) variables {
	customer, err := c.s.db.CreateCustomer(c.s.t.Context(), c.scopeOf("uma"), db.NewCustomer{Name: "New", Email: c.newEmail()})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": customer.GlobalID()}
})

// onInvitedCustomer returns the id of a new customer who is invited.
var onInvitedCustomer = input(func(c *cell) variables {
	in := onUnregistered(c)
	if _, err := c.s.db.InviteCustomer(c.s.t.Context(), c.scopeOf("uma"), idOf(c.s.t, in["id"].(string))); err != nil {
		c.s.t.Fatal(err)
	}
	return in
})

// onInvitedUser returns the id of a new user who is invited.
var onInvitedUser = input(func(c *cell) variables {
	user, err := c.s.db.InviteUser(c.s.t.Context(), c.scopeOf("ada"), db.NewUser{Email: c.newEmail(), Role: auth.User})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return variables{"id": user.GlobalID()}
})

// withInvitation has the token that a new user was mailed.
var withInvitation = input(func(c *cell) variables {
	id := onInvitedUser(c)["id"].(string)
	return variables{"token": c.s.mailedToken(account{id: id}), "password": password}
})

const (
	inviteUser       = `mutation($in: InviteUserInput!) { inviteUser(input: $in) { user { id name role invitedAt } } }`
	inviteCustomer   = `mutation($id: ID!) { inviteCustomer(input: {id: $id}) { customer { id canLogIn invitedAt } } }`
	resendInvitation = `mutation($id: ID!) { resendInvitation(input: {id: $id}) { account { ... on Node { id } } } }`
	revokeInvitation = `mutation($id: ID!) { revokeInvitation(input: {id: $id}) { account { ... on Node { id } } } }`
	acceptInvitation = `mutation($token: String!, $password: String!, $name: String) {
		acceptInvitation(input: {token: $token, password: $password, name: $name}) {
			viewer { ... on User { id name invitedAt } ... on Customer { id name invitedAt canLogIn } } tokens { accessToken refreshToken } } }`
	invitedUsers     = `{ users(where: {invitedAt: {isNull: false}}) { nodes { id } } }`
	invitedCustomers = `{ customers(where: {invitedAt: {isNull: false}}) { nodes { id } } }`
)

// ids returns the ids of the nodes in a list.
func (a answer) ids(list string) []string {
	nodes, _ := a.at(list + ".nodes").([]any)
	ids := make([]string, len(nodes))
	for i, node := range nodes {
		ids[i], _ = node.(map[string]any)["id"].(string)
	}
	return ids
}

// invite makes an admin invite a user.
func (s *server) invite(admin account, email string) account {
	s.t.Helper()
	got := s.must(admin.token, inviteUser, variables{"in": variables{"email": email, "role": "ADMIN"}})
	return account{id: got.text("inviteUser.user.id"), email: email}
}

// inviteCustomer enters a customer and invites them.
func (s *server) inviteCustomer(staff account, email string) account {
	s.t.Helper()
	id := s.must(staff.token, `mutation($email: EmailAddress!) { createCustomer(input: {email: $email, name: "New"}) { customer { id } } }`,
		variables{"email": email}).text("createCustomer.customer.id")
	s.must(staff.token, inviteCustomer, variables{"id": id})
	return account{id: id, email: email}
}

func TestInvitedUser(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.invite(ada, "uma@example.com")
		if listed := s.must(ada.token, invitedUsers, nil).ids("users"); len(listed) != 1 || listed[0] != uma.id {
			t.Errorf("the invited users are %v", listed)
		}
		for _, guess := range []string{"", password} {
			if _, ok := s.logInAs(uma, guess); ok {
				t.Errorf("an account without a password is open to %q", guess)
			}
		}
		s.must("", requestReset, variables{"email": uma.email, "audience": "USER"})
		if n := len(s.links(store.Eq("account", uma.id))); n != 1 {
			t.Errorf("somebody who was invited has %d links", n)
		}
		// Somebody who can't log in yet can't replace the last admin.
		s.refused(ada.token, `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`, variables{"id": ada.id}, "CONFLICT")

		first := s.mailedToken(uma)
		s.must(ada.token, resendInvitation, variables{"id": uma.id})
		second := s.mailedToken(uma)
		s.tokenRefused(acceptInvitation, first)
		s.tokenRefused(resetPassword, second)
		s.refused("", acceptInvitation, variables{"token": second, "password": "short"}, bad)
		s.refused("", acceptInvitation, variables{"token": second, "password": password, "name": " "}, bad)
		got := s.must("", acceptInvitation, variables{"token": second, "password": password, "name": "Uma"})
		if got.text("acceptInvitation.viewer.name") != "Uma" || got.at("acceptInvitation.viewer.invitedAt") != nil {
			t.Errorf("accepting answers %s", got.raw)
		}
		uma.token = got.text("acceptInvitation.tokens.accessToken")
		if _, ok := s.logInAs(uma, password); !ok || !s.alive(uma) {
			t.Error("somebody who accepted can't log in")
		}
		s.tokenRefused(acceptInvitation, second)
		s.refused(ada.token, resendInvitation, variables{"id": uma.id}, bad)
		if listed := s.must(ada.token, invitedUsers, nil).ids("users"); len(listed) != 0 {
			t.Errorf("the invited users are %v", listed)
		}
	})
}

func TestInvitedCustomer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		cleo := account{email: "cleo@example.org"}
		cleo.id = s.must(uma.token, `mutation { createCustomer(input: {name: "Cleo C", email: "cleo@example.org"}) { customer { id } } }`, nil).text("createCustomer.customer.id")
		s.refused(uma.token, resendInvitation, variables{"id": cleo.id}, bad)
		s.must(uma.token, inviteCustomer, variables{"id": cleo.id})
		if listed := s.must(uma.token, invitedCustomers, nil).ids("customers"); len(listed) != 1 || listed[0] != cleo.id {
			t.Errorf("the invited customers are %v", listed)
		}
		meeting := s.createInteraction(uma, cleo, "review")
		got := s.must("", acceptInvitation, variables{"token": s.mailedToken(cleo), "password": password})
		if got.text("acceptInvitation.viewer.name") != "Cleo C" || got.at("acceptInvitation.viewer.canLogIn") != true {
			t.Errorf("accepting answers %s", got.raw)
		}
		sees := s.must(got.text("acceptInvitation.tokens.accessToken"), `{ interactions { nodes { id } } }`, nil).ids("interactions")
		if len(sees) != 1 || sees[0] != meeting {
			t.Errorf("the customer sees %v", sees)
		}
		s.refused(uma.token, invitedUsers, nil, deny)
	})
}

// TestUselessInvitations checks what makes an invitation useless.
func TestUselessInvitations(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for name, change := range map[string]string{
			"revoked":          revokeInvitation,
			"replaced":         resendInvitation,
			"deactivated":      `mutation($id: ID!) { deactivateUser(input: {id: $id}) { endedSessions } }`,
			"another address":  `mutation($id: ID!) { updateUser(input: {id: $id, email: "elsewhere@example.com"}) { user { id } } }`,
			"another password": `mutation($id: ID!) { setPassword(input: {id: $id, newPassword: "battery staple"}) { endedSessions } }`,
			"deleted":          `mutation($id: ID!) { deleteUser(input: {id: $id}) { deletedId } }`,
		} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				uma := s.invite(ada, strings.ReplaceAll(name, " ", "-")+"@example.com")
				token := s.mailedToken(uma)
				s.must(ada.token, change, variables{"id": uma.id})
				s.tokenRefused(acceptInvitation, token)
				if name == "revoked" {
					s.must(ada.token, revokeInvitation, variables{"id": uma.id}) // again does nothing
					s.must(ada.token, resendInvitation, variables{"id": uma.id})
					s.must("", acceptInvitation, variables{"token": s.mailedToken(uma), "password": password})
				}
			})
		}
	})
}

func TestInvitationsAreRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cato := s.signUpUser("Ada"), s.signUpCustomer("Cato")
		nobody := s.must(ada.token, `mutation { createCustomer(input: {name: "Without an address"}) { customer { id } } }`, nil).text("createCustomer.customer.id")
		for _, test := range []struct {
			name, mutation string
			vars           variables
			code, path     string
		}{
			{"no address", inviteUser, variables{"in": variables{"email": "nobody"}}, bad, "input.email"},
			{"a role that users don't have", inviteUser, variables{"in": variables{"email": "x@example.com", "role": "CUSTOMER"}}, bad, "input.role"},
			{"an address in use", inviteUser, variables{"in": variables{"email": ada.email}}, "CONFLICT", "input.email"},
			{"a customer with a password", inviteCustomer, variables{"id": cato.id}, bad, "input.id"},
			{"a customer without an address", inviteCustomer, variables{"id": nobody}, bad, "input.id"},
			{"a user as a customer", inviteCustomer, variables{"id": ada.id}, bad, "input.id"},
			{"a user with a password", resendInvitation, variables{"id": ada.id}, bad, "input.id"},
			{"no id", revokeInvitation, variables{"id": "nonsense"}, bad, "input.id"},
		} {
			problem := s.refused(ada.token, test.mutation, test.vars, test.code)
			if len(problem.Extensions.Fields) != 1 || problem.Extensions.Fields[0].Path != test.path {
				t.Errorf("%s gets %+v, want a problem with %s", test.name, problem, test.path)
			}
		}
		uma := s.invite(ada, "uma@example.com")
		for range 3 {
			s.must(ada.token, resendInvitation, variables{"id": uma.id})
		}
		s.refused(ada.token, resendInvitation, variables{"id": uma.id}, "RATE_LIMITED")
	})
}

// TestInvitationRemovesAStrangersFactor: whoever signed up with an address before its owner was invited has the app, and the owner gets in.
func TestInvitationRemovesAStrangersFactor(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		stranger := serve(t, s.store, db.Options{}).signUpCustomer("Cleo")
		s.enrol(stranger)
		s.must(s.signUpUser("Ada").token, inviteCustomer, variables{"id": stranger.id})
		accepted := s.must("", acceptInvitation, variables{"token": s.mailedToken(stranger), "password": nextPassword})
		owner := account{id: stranger.id, email: stranger.email, token: accepted.text("acceptInvitation.tokens.accessToken")}
		if again, ok := s.logInAs(owner, nextPassword); !ok || again.token == "" || !s.alive(owner) || s.alive(stranger) {
			t.Error("the owner is asked for a code of the stranger's app, or the stranger's session lasts")
		}
		if kinds := s.kindsOfEvents(owner); !strings.Contains(kinds, "TWO_FACTOR_RESET") {
			t.Errorf("the security events are %s", kinds)
		}
	})
}
