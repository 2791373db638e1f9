package resolvers_test

import (
	"encoding/json"
	"testing"
)

// TestIntegersWithFractions checks that an integer may have a fraction of zero or an exponent, at every depth: clients in
// languages without integers send such numbers.
func TestIntegersWithFractions(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin, customer := s.signUpUser("Ada"), s.signUpCustomer("Carl")
		const create = `mutation($in: CreateInteractionInput!) { createInteraction(input: $in) { interaction { durationMinutes version id } } }`
		a := s.must(admin.token, create, variables{"in": variables{
			"customerId": customer.id, "title": "Review", "startTime": "2030-01-02T03:04:05Z", "durationMinutes": json.RawMessage("3.0e1"),
		}})
		if got := a.at("createInteraction.interaction.durationMinutes"); got != 30.0 {
			t.Errorf("the duration is %v", got)
		}
		for _, number := range []string{"1.0", "1e0", "10e-1"} {
			s.must(admin.token, `query($n: Int!) { customers(first: $n) { nodes { id } } }`, variables{"n": json.RawMessage(number)})
		}
		s.refused(admin.token, `{ customers(first: 1.0) { nodes { id } } }`, nil, "GRAPHQL_VALIDATION_FAILED")
	})
}
