package resolvers_test

import (
	"testing"
	"time"

	"crm/db"
	"crm/db/store"
)

func TestWrongCurrentPasswordsAreLimited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		for _, who := range []account{s.signUpUser("Ada"), s.signUpCustomer("Cleo")} {
			const change = `mutation($current: String!) { changePassword(input: {
				currentPassword: $current, newPassword: "battery staple"}) { endedSessions } }`
			for range 10 {
				s.refused(who.token, change, variables{"current": "a wrong guess"}, bad)
			}
			s.refused(who.token, change, variables{"current": password}, "RATE_LIMITED")
			s.passTime(15 * time.Minute)
			s.must(who.token, change, variables{"current": password})
		}
	})
}

// TestCurrentPasswordsCountAsLogIns checks that wrong passwords of a viewer count together with wrong ones of a log-in, wherever they are
// entered, and that a password that an admin sets ends a lock-out by them.
func TestCurrentPasswordsCountAsLogIns(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		for name, question := range map[string]string{
			"Uma":  `mutation($password: String!) { changePassword(input: {currentPassword: $password, newPassword: "a third one"}) { endedSessions } }`,
			"Vera": `mutation($password: String!) { startTwoFactor(input: {password: $password}) { secret } }`,
			"Will": `mutation($password: String!) { requestEmailChange(input: {email: "w@example.com", password: $password}) { expiresAt } }`,
		} {
			user := s.hire(ada, name)
			for range 5 {
				s.refused(user.token, question, variables{"password": "a wrong guess"}, bad)
			}
			s.wrong(user.email, 5)
			s.limited(user.email, password)
			s.refused(user.token, question, variables{"password": password}, "RATE_LIMITED")
			s.must(ada.token, `mutation($id: ID!) { setPassword(input: {id: $id, newPassword: "battery staple"}) { __typename } }`, variables{"id": user.id})
			token := s.must("", `mutation($email: EmailAddress!) { logInUser(input: {email: $email, password: "battery staple"}) { tokens { accessToken } } }`,
				variables{"email": user.email}).text("logInUser.tokens.accessToken")
			s.must(token, question, variables{"password": "battery staple"})
		}
	})
}

// TestCurrentPasswordsWithoutAddress checks that wrong passwords of customers who have no address count for each of them alone.
func TestCurrentPasswordsWithoutAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		const question = `mutation($password: String!) { requestEmailChange(input: {email: "new@example.com", password: $password}) { expiresAt } }`
		cleo, dan := s.signUpCustomer("Cleo"), s.signUpCustomer("Dan")
		for _, customer := range []account{cleo, dan} {
			_, id, err := db.ParseGlobalID(customer.id)
			if err != nil {
				t.Fatal(err)
			}
			set := []store.Assignment{{Field: "email", Value: ""}}
			if err := s.store.Update(t.Context(), db.Customers.Collection, id, store.Filter{}, set); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			s.refused(cleo.token, question, variables{"password": "a wrong guess"}, bad)
		}
		s.refused(cleo.token, question, variables{"password": password}, "RATE_LIMITED")
		s.must(dan.token, question, variables{"password": password})
	})
}
