package resolvers_test

import "testing"

// TestOneOfSeveralMutationsFails checks that a client gets the results of mutations even if another one in the operation
// fails.
func TestOneOfSeveralMutationsFails(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		a := s.ask(p.customer.token, `mutation($on: ID!) {
			first: createTicket(input: {interactionId: $on, description: "It is broken"}) { ticket { id } }
			second: createTicket(input: {interactionId: $on, description: ""}) { ticket { id } }
			third: createTicket(input: {interactionId: $on, description: "So is this"}) { ticket { id } }
		}`, variables{"on": p.interaction})
		if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != bad || len(a.Errors[0].Path) != 1 || a.Errors[0].Path[0] != "second" {
			t.Fatalf("got %s, want one error, of the second", a.raw)
		}
		for alias, done := range map[string]bool{"first": true, "second": false, "third": true} {
			if (a.text(alias+".ticket.id") != "") != done {
				t.Errorf("%s: done is %v in %s", alias, !done, a.raw)
			}
		}
	})
}
