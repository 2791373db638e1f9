package resolvers_test

import (
	"reflect"
	"strings"
	"testing"
)

// TestLogInPayload checks that the payload of a log-in or a refresh shows what the account sees afterwards.
func TestLogInPayload(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin, customer := s.signUpUser("Ada"), s.signUpCustomer("Carl")
		user := s.hire(admin, "Bob")
		s.createTicket(customer, s.createInteraction(user, customer, "Review"), "The printer is on fire")
		const ofUser = `{ email role interactions { totalCount nodes { title tickets { totalCount } customer { name } } } tickets { totalCount } }`
		const ofCustomer = `{ email interactions { totalCount nodes { title user { name role } } } tickets { totalCount nodes { description } } }`
		for name, test := range map[string]struct {
			who              account
			viewer, mutation string
			variables        variables
			path             string
		}{
			"user": {
				user, `... on User ` + ofUser, `mutation($email: EmailAddress!, $password: String!) {
				logInUser(input: {email: $email, password: $password}) { user ` + ofUser + ` } }`,
				variables{"email": user.email, "password": password}, "logInUser.user",
			},
			"customer": {
				customer, `... on Customer ` + ofCustomer, `mutation($email: EmailAddress!, $password: String!) {
				logInCustomer(input: {email: $email, password: $password}) { customer ` + ofCustomer + ` } }`,
				variables{"email": customer.email, "password": password}, "logInCustomer.customer",
			},
			"refresh of a user": {
				user, `... on User ` + ofUser, `mutation($token: String!) {
				refresh(input: {refreshToken: $token}) { viewer { ... on User ` + ofUser + ` } } }`,
				variables{"token": s.anotherSession(user).refresh}, "refresh.viewer",
			},
			"refresh of a customer": {
				customer, `... on Customer ` + ofCustomer, `mutation($token: String!) {
				refresh(input: {refreshToken: $token}) { viewer { ... on Customer ` + ofCustomer + ` } } }`,
				variables{"token": s.anotherSession(customer).refresh}, "refresh.viewer",
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				want := s.must(test.who.token, `{ viewer { `+test.viewer+` } }`, nil).at("viewer")
				got := s.must("", test.mutation, test.variables).at(test.path)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("the payload shows\n%v\nwant\n%v", got, want)
				}
			})
		}
	})
}

// TestSignUpPayload does the same for sign-ups.
func TestSignUpPayload(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		const fields = `id name email createdAt interactions { totalCount } tickets { totalCount }`
		for typeName, path := range map[string]string{"User": "signUpUser.user", "Customer": "signUpCustomer.customer"} {
			field, payload, _ := strings.Cut(path, ".")
			a := s.must("", `mutation($email: EmailAddress!, $password: String!) {
				`+field+`(input: {name: "Ada", email: $email, password: $password}) { `+payload+` { `+fields+` } tokens { accessToken } } }`,
				variables{"email": typeName + "@crm.example", "password": password})
			want := s.must(a.text(field+".tokens.accessToken"), `{ viewer { ... on `+typeName+` { `+fields+` } } }`, nil).at("viewer")
			if got := a.at(path); !reflect.DeepEqual(got, want) {
				t.Errorf("the payload shows\n%v\nwant\n%v", got, want)
			}
		}
	})
}

// TestLogInChangesItsPayloadOnly checks that the other mutations of the operation are not performed as the new viewer.
func TestLogInChangesItsPayloadOnly(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Ada")
		got := s.ask("", `mutation($email: EmailAddress!, $password: String!) {
			logInUser(input: {email: $email, password: $password}) { user { id role } }
			createCustomer(input: {name: "Carl", email: "carl@example.com"}) { customer { id } } }`,
			variables{"email": admin.email, "password": password})
		if len(got.Errors) != 1 || got.Errors[0].Extensions.Code != anon {
			t.Errorf("got %s", got.raw)
		}
		customer := s.signUpCustomer("Dora")
		got = s.ask(customer.token, `mutation($email: EmailAddress!, $password: String!) {
			logInUser(input: {email: $email, password: $password}) { user { customers: interactions { totalCount } } }
			createCustomer(input: {name: "Carl", email: "carl@example.com"}) { customer { id } } }`,
			variables{"email": admin.email, "password": password})
		if len(got.Errors) != 1 || got.Errors[0].Extensions.Code != "FORBIDDEN" {
			t.Errorf("got %s", got.raw)
		}
	})
}
