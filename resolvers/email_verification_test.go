package resolvers_test

import (
	"testing"

	"crm/auth"
	"crm/db"
	"crm/db/store"
)

var _ = inMatrix(func(*world) {}, nil, nil, []row{
	{"requestEmailVerification", asNewcomer, [6]string{anon, okay, okay, okay, okay, okay}},
	{"verifyEmail", toVerify, [6]string{anon, okay, okay, okay, okay, okay}},
	{"verifyEmail", input(noInput).with("token", noToken), [6]string{anon, bad, bad, bad, bad, bad}},
})

// toVerify has the token that a newcomer, who is the viewer, was mailed.
var toVerify = input(func(c *cell) variables {
	asNewcomer(c)
	if c.me.token == "" {
		return variables{"token": noToken}
	}
	c.s.must(c.me.token, requestVerification, nil)
	return variables{"token": c.s.mailedToken(c.me)}
})

const (
	requestVerification = `mutation { requestEmailVerification { expiresAt } }`
	verifyEmail         = `mutation($token: String!) { verifyEmail(input: {token: $token}) { viewer {
		... on Customer { id emailVerified interactions { nodes { id } } } ... on User { id emailVerified } } } }`
	// everything lists what a customer sees.
	everything = `{ customers { nodes { id } } users { nodes { id } } interactions { nodes { id } } tickets { nodes { id } }
		viewer { ... on Customer { emailVerified interactions { nodes { id } } tickets { totalCount } } } }`
	createCustomerWithPassword = `mutation($email: EmailAddress!) {
		createCustomer(input: {name: "C", email: $email, password: "correct horse"}) { customer { id emailVerified } } }`
)

// onEachEngineVerifying runs a test with a server that requires verified addresses, and lets anybody sign up.
func onEachEngineVerifying(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	onEachEngine(t, func(t *testing.T, s *server) {
		test(t, serve(t, s.store, db.Options{RequireVerifiedEmail: true}))
	})
}

// verify verifies an account's address with a mailed link.
func (s *server) verify(a account) {
	s.t.Helper()
	s.must(a.token, requestVerification, nil)
	s.must(a.token, verifyEmail, variables{"token": s.mailedToken(a)})
}

// addCustomer makes an admin create a customer with a password, and logs the customer in.
func (s *server) addCustomer(admin account, email string) account {
	s.t.Helper()
	id := s.must(admin.token, createCustomerWithPassword, variables{"email": email}).text("createCustomer.customer.id")
	customer, ok := s.logInAs(account{id: id, email: email}, password)
	if !ok {
		s.t.Fatalf("%s can't log in", email)
	}
	return customer
}

// TestUnverifiedCustomerSeesNothing checks that a customer who hasn't verified the address sees nothing but their own record and changes
// nothing, and after that everything that concerns them, with the same access token.
func TestUnverifiedCustomerSeesNothing(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		cleo := s.addCustomer(ada, "cleo@example.org")
		meeting := s.createInteraction(ada, cleo, "review")
		ticket := s.createTicket(ada, meeting, "It leaks")

		seen := s.must(cleo.token, everything, nil)
		if n := len(seen.ids("users")) + len(seen.ids("interactions")) + len(seen.ids("tickets")) + len(seen.ids("viewer.interactions")); n != 0 ||
			len(seen.ids("customers")) != 1 || seen.at("viewer.emailVerified") != false || seen.at("viewer.tickets.totalCount") != 0.0 {
			t.Errorf("an unverified customer sees %s", seen.raw)
		}
		for _, id := range []string{meeting, ticket, ada.id} {
			s.refused(cleo.token, `query($id: ID!) { node(id: $id) { id } }`, variables{"id": id}, hide)
		}
		for mutation, code := range map[string]string{
			`mutation { createTicket(input: {description: "Let me in"}) { ticket { id } } }`:                           deny,
			`mutation { updateCustomer(input: {id: "` + cleo.id + `", name: "Cleo"}) { customer { id } } }`:            deny,
			`mutation { deleteCustomer(input: {id: "` + cleo.id + `"}) { deletedId } }`:                                deny,
			`mutation { replyToTicket(input: {ticketId: "` + ticket + `", body: "Hello"}) { ticket { id } } }`:         hide,
			`mutation { moveTicket(input: {id: "` + ticket + `", status: CLOSED}) { ticket { id } } }`:                 deny,
			`mutation { createTicket(input: {interactionId: "` + meeting + `", description: "x"}) { ticket { id } } }`: hide,
		} {
			s.refused(cleo.token, mutation, nil, code)
		}
		again := s.must("", `mutation { logInCustomer(input: {email: "cleo@example.org", password: "correct horse"}) {
			customer { interactions { nodes { id } } } tokens { refreshToken } } }`, nil)
		refreshed := s.must("", `mutation($token: String!) { refresh(input: {refreshToken: $token}) {
			viewer { ... on Customer { interactions { nodes { id } } } } } }`, variables{"token": again.text("logInCustomer.tokens.refreshToken")})
		if len(again.ids("logInCustomer.customer.interactions"))+len(refreshed.ids("refresh.viewer.interactions")) != 0 {
			t.Errorf("logging in and refreshing shows %s and %s", again.raw, refreshed.raw)
		}

		token := s.mailedToken(cleo) // which was mailed when the admin entered the address
		verified := s.must(cleo.token, verifyEmail, variables{"token": token})
		if verified.at("verifyEmail.viewer.emailVerified") != true || len(verified.ids("verifyEmail.viewer.interactions")) != 1 {
			t.Errorf("verifying answers %s", verified.raw)
		}
		seen = s.must(cleo.token, everything, nil)
		if len(seen.ids("users")) != 1 || len(seen.ids("interactions")) != 1 || len(seen.ids("tickets")) != 1 {
			t.Errorf("a verified customer sees %s", seen.raw)
		}
		s.refused(cleo.token, verifyEmail, variables{"token": token}, bad)
		if got := s.must(cleo.token, requestVerification, nil); got.at("requestEmailVerification.expiresAt") != nil {
			t.Errorf("a verified customer who asks for a link gets %s", got.raw)
		}
	})
}

// TestStreamsEndWhenVerificationChanges checks that an unverified customer is told nothing, that a stream ends when the customer may
// see more, and when an admin enters another address.
func TestStreamsEndWhenVerificationChanges(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		cleo := s.addCustomer(ada, "cleo@example.org")
		meeting := s.createInteraction(ada, cleo, "review")
		runBroker(t, s.db)
		changes, ended := watchTickets(t.Context(), t, s.db, s.viewer(cleo), "0")
		s.createTicket(ada, meeting, "It leaks")
		s.settle()
		s.verify(cleo)
		if code := ended.code(t); code != store.Unauthenticated {
			t.Errorf("the stream ends with %q", code)
		}
		if change, ok := <-changes; ok {
			t.Errorf("an unverified customer is told of %s", change.GlobalID())
		}

		changes, ended = watchTickets(t.Context(), t, s.db, s.viewer(cleo), "0")
		if change := <-changes; change == nil {
			t.Error("a verified customer is told nothing")
		}
		s.must(ada.token, `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "elsewhere@example.org"}) { customer { id } } }`, variables{"id": cleo.id})
		if code := ended.code(t); code != store.Unauthenticated {
			t.Errorf("the stream ends with %q", code)
		}
	})
}

// TestEmailVerified checks what verifies an address, and what makes it unverified, and that the staff can list both.
func TestEmailVerified(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		uma := s.hire(ada, "Uma")
		s.verify(uma)
		unverified := func(list string) []string {
			return s.must(uma.token, `{ `+list+`(where: {emailVerified: false}) { nodes { id } } }`, nil).ids(list)
		}
		if got := unverified("users"); len(got) != 1 || got[0] != ada.id {
			t.Errorf("the unverified users are %v", got)
		}
		cleo := s.addCustomer(ada, "cleo@example.org")
		s.must(uma.token, `mutation { createCustomer(input: {name: "Paul", email: "paul@example.org"}) { customer { id } } }`, nil)
		if n := len(s.links(store.Eq("email", "paul@example.org"))); n != 0 {
			t.Errorf("a customer who can't log in gets %d links", n)
		}
		if got := unverified("customers"); len(got) != 2 {
			t.Errorf("the unverified customers are %v", got)
		}
		s.must("", resetPassword, variables{"token": s.forget(cleo), "password": nextPassword})
		s.signUpByMail("paul@example.org", "Paul")
		s.signUpByMail("new@example.org", "New")
		if got := unverified("customers"); len(got) != 0 {
			t.Errorf("after mailed links were used, the unverified customers are %v", got)
		}

		const respell = `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "Cleo@Example.org"}) { customer { emailVerified } } }`
		if got := s.must(uma.token, respell, variables{"id": cleo.id}); got.at("updateCustomer.customer.emailVerified") != true {
			t.Errorf("after the staff wrote the address in capitals, it is %s", got.raw)
		}
		const enter = `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "other@example.org"}) { customer { emailVerified } } }`
		if got := s.must(uma.token, enter, variables{"id": cleo.id}); got.at("updateCustomer.customer.emailVerified") != false {
			t.Errorf("after the staff entered another address, it is %s", got.raw)
		}
		cleo, _ = s.logInAs(account{id: cleo.id, email: "other@example.org"}, nextPassword)
		s.must(cleo.token, verifyEmail, variables{"token": s.mailedToken(cleo)})
		enterUser := `mutation($id: ID!) { updateUser(input: {id: $id, email: "uma@new.example"}) { user { emailVerified } } }`
		if got := s.must(ada.token, enterUser, variables{"id": uma.id}); got.at("updateUser.user.emailVerified") != false {
			t.Errorf("after an admin entered another address, it is %s", got.raw)
		}
		s.must(uma.token, verifyEmail, variables{"token": s.mailedToken(uma)})
	})
}

// TestVerificationsAreLimited checks that the holder can't flood an address with links, and that strangers who ask for mail to it don't
// use the holder's requests up.
func TestVerificationsAreLimited(t *testing.T) {
	onEachEngineVerifying(t, func(t *testing.T, s *server) {
		cleo := s.addCustomer(s.signUpUser("Ada"), "cleo@example.org")
		for range 3 {
			s.must("", requestReset, variables{"email": cleo.email, "audience": "CUSTOMER"})
		}
		s.refused("", requestReset, variables{"email": cleo.email, "audience": "CUSTOMER"}, "RATE_LIMITED")
		for range 3 {
			s.must(cleo.token, requestVerification, nil)
		}
		s.refused(cleo.token, requestVerification, nil, "RATE_LIMITED")
		s.must(cleo.token, verifyEmail, variables{"token": s.mailedToken(cleo)})
	})
}

// TestAddressesNeedNoProof checks that a server that doesn't require verified addresses shows unverified customers what concerns them.
func TestAddressesNeedNoProof(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada, cleo := s.signUpUser("Ada"), s.signUpCustomer("Cleo")
		s.createInteraction(ada, cleo, "review")
		seen := s.must(cleo.token, everything, nil)
		if len(seen.ids("interactions")) != 1 || seen.at("viewer.emailVerified") != false {
			t.Errorf("an unverified customer sees %s", seen.raw)
		}
		// An account of an earlier version has no such field.
		set := []store.Assignment{{Field: "unverified_since", Value: nil}}
		if err := s.store.Update(t.Context(), db.Customers.Collection, idOf(t, cleo.id), store.Filter{}, set); err != nil {
			t.Fatal(err)
		}
		requiring := serve(t, s.store, db.Options{RequireVerifiedEmail: true})
		if seen := requiring.must(cleo.token, everything, nil); len(seen.ids("interactions")) != 1 || seen.at("viewer.emailVerified") != true {
			t.Errorf("a customer of an earlier version sees %s", seen.raw)
		}
		if scope := requiring.viewer(ada).Scope(); scope != (auth.Scope{Role: auth.Admin, Account: idOf(t, ada.id)}) {
			t.Errorf("an unverified admin is restricted: %+v", scope)
		}
	})
}
