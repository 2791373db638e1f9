package resolvers_test

import (
	"strings"
	"testing"

	"crm/db/store"
	"crm/graph/apierror"
)

const (
	customerByEmail = `query($email: EmailAddress!) { customer(by: {email: $email}) { id email } }`
	userByEmail     = `query($email: EmailAddress!) { user(by: {email: $email}) { id email } }`
	customerBy      = `query($by: CustomerBy!) { customer(by: $by) { id } }`
)

// TestLookUpByEmail finds accounts by their current address, however it is written, in one store call.
func TestLookUpByEmail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for _, test := range []struct{ query, email, want string }{
			{customerByEmail, "rahul@example.org", p.customer.id},
			{customerByEmail, " RAHUL@Example.ORG ", p.customer.id},
			{userByEmail, "uma@example.com", p.user.id},
			{userByEmail, "Uma@EXAMPLE.com", p.user.id},
		} {
			a := s.must(p.admin.token, test.query, variables{"email": test.email})
			if a.text("customer.id")+a.text("user.id") != test.want {
				t.Errorf("%q finds %s, want %s", test.email, a.raw, test.want)
			}
			if a.Extensions.Cost.StoreCalls != 1 {
				t.Errorf("%q takes %d store calls, want 1", test.email, a.Extensions.Cost.StoreCalls)
			}
		}
		for _, email := range []string{"", " ", "rahul", "rahul@example", "uma@example.com", "%", "\x00", strings.Repeat("r", 10_000)} {
			s.refused(p.admin.token, customerByEmail, variables{"email": email}, hide)
		}
		const move = `mutation($id: ID!) { updateCustomer(input: {id: $id, email: "Rahul@new.example"}) { customer { id } } }`
		s.must(p.admin.token, move, variables{"id": p.customer.id})
		s.refused(p.admin.token, customerByEmail, variables{"email": p.customer.email}, hide)
		if a := s.must(p.admin.token, customerByEmail, variables{"email": "rahul@new.example"}); a.text("customer.email") != "Rahul@new.example" {
			t.Errorf("the new address finds %s", a.raw)
		}
		const remove = `mutation($id: ID!) { deleteCustomer(input: {id: $id, cascade: true}) { deletedId } }`
		s.must(p.admin.token, remove, variables{"id": p.customer.id})
		s.refused(p.admin.token, customerByEmail, variables{"email": "rahul@new.example"}, hide)
	})
}

// TestHiddenIsAsMissing checks that a look-up of a hidden account can't be distinguished from that of a missing one, neither
// by the response nor by its cost.
func TestHiddenIsAsMissing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for query, hidden := range map[string]string{customerByEmail: p.customer.email, userByEmail: p.user.email} {
			there := s.ask(p.stranger.token, query, variables{"email": hidden})
			missing := s.ask(p.stranger.token, query, variables{"email": "nobody@example.net"})
			if there.raw != missing.raw || there.Errors[0].Extensions.Code != hide || there.Extensions.Cost.StoreCalls != 1 {
				t.Errorf("a hidden account gets %s, a missing one %s", there.raw, missing.raw)
			}
		}
	})
}

func TestBadLookUp(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for _, test := range []struct {
			name          string
			by            any
			code          store.Code
			path, message string
		}{
			{"an id of another kind", variables{"id": p.ticket}, store.BadInput, "by.id", "the id of a ticket, not of a customer"},
			{"an unknown id", variables{"id": idOfNothing(p.customer.id)}, store.NotFound, "", "no such customer"},
			{"no id", variables{"id": ""}, store.BadInput, "by.id", "not an id of this server"},
			{"a number for an address", variables{"email": 5}, store.BadInput, "by.email", "must be"},
			{"no key", variables{}, store.BadInput, "by", "exactly one of the fields id, email, not 0"},
			{"two keys", variables{"id": p.customer.id, "email": p.customer.email}, store.BadInput, "by", "exactly one"},
			{"a key and null", variables{"id": p.customer.id, "email": nil}, store.BadInput, "by", "exactly one"},
			{"null for the key", variables{"id": nil}, store.BadInput, "by.id", "must not be null"},
			{"null", nil, store.BadInput, "by", "must not be null"},
			{"an id without its name", p.customer.id, store.BadInput, "by", "must be an object"},
			{"an unknown key", variables{"phone": "1"}, store.BadInput, "by.phone", "not a field"},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := s.in(t)
				s.wantProblem(s.ask(p.admin.token, customerBy, variables{"by": test.by}), test.code, test.path, test.message)
			})
		}
		for _, selection := range []string{
			`customer(by: {}) { id }`, `customer(by: {email: null}) { id }`, `user(by: {id: "x", email: "y"}) { id }`,
		} {
			s.wantProblem(s.ask(p.admin.token, "{ "+selection+" }", nil), apierror.ValidationFailed, "", "By")
		}
		nullable := `query($email: EmailAddress) { customer(by: {email: $email}) { id } }`
		s.wantProblem(s.ask(p.admin.token, nullable, variables{"email": p.customer.email}), apierror.ValidationFailed, "", "$email")
	})
}
