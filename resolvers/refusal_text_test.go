package resolvers_test

import (
	"testing"

	"crm/db/store"
)

// TestTextsOfRefusals checks that refusals say what is wrong.
func TestTextsOfRefusals(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		ada := s.signUpUser("Ada")
		cato := s.signUpCustomer("Cato")
		meeting := s.createInteraction(ada, cato, "review")
		ticket := s.createTicket(ada, meeting, "leak")
		uma := s.hire(ada, "Uma")
		s.must(ada.token, `mutation($id: ID!, $to: ID!) { assignTicket(input: {id: $id, assigneeId: $to}) { ticket { id } } }`, variables{"id": ticket, "to": uma.id})
		for _, test := range []struct {
			name, mutation string
			vars           variables
			code, path     string
			text           string
		}{
			{"a key for customers", createKey, variables{"input": variables{"name": "sync", "role": "CUSTOMER"}}, bad, "input.role", "must be ADMIN or USER"},
			{"no password", startTwoFactor, nil, bad, "input.password", "is required"},
			{"one dependent", `mutation($id: ID!) { deleteInteraction(input: {id: $id}) { deletedId } }`, variables{"id": meeting}, "CONFLICT", "",
				"the interaction has 1 ticket; with cascade: true, all of that is deleted, too"},
			{"one of each", `mutation($id: ID!) { deleteCustomer(input: {id: $id}) { deletedId } }`, variables{"id": cato.id}, "CONFLICT", "",
				"the customer has 1 interaction and 1 ticket;"},
		} {
			s.wantProblem(s.ask(ada.token, test.mutation, test.vars), store.Code(test.code), test.path, test.text)
		}
		// Who forgot the password hasn't guessed it.
		for range 12 {
			s.refused(ada.token, startTwoFactor, nil, bad)
		}
		s.must(ada.token, startTwoFactor, variables{"password": password})
	})
}
