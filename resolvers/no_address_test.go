package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crm/db/store"
)

const customerFields = "customer { id name email phone canLogIn version }"

// caller creates a customer without an address, and returns the id.
func (s *server) caller(token, name string) string {
	s.t.Helper()
	a := s.mutate(token, "createCustomer", variables{"name": name}, "customer { id }")
	if len(a.Errors) > 0 {
		s.t.Fatalf("cannot create %s: %s", name, a.raw)
	}
	return a.text("createCustomer.customer.id")
}

// TestCreateCustomerWithoutAddress checks what a customer needs whom the staff create: a name or a telephone number, and an
// address to log in with.
func TestCreateCustomerWithoutAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		const invisible = " \u200b\u3164\t"
		for _, test := range []struct {
			input variables
			// want is the customer's name, address and whether they can log in, or the path and the message of a problem.
			want string
		}{
			{variables{"name": "Carl"}, "Carl <nil> false"},
			{variables{"name": "Carl", "email": nil, "phone": "030 1234"}, "Carl <nil> false"},
			{variables{"name": "Carl", "email": ""}, "Carl <nil> false"},
			{variables{"name": "Carl", "email": invisible}, "Carl <nil> false"},
			{variables{"phone": " (030) 1234 x7 "}, "(030) 1234 x7 <nil> false"},
			{variables{"phone": "030 1234", "name": nil, "email": "1@example.org"}, "030 1234 1@example.org false"},
			{variables{"phone": "030 1234", "name": invisible, "password": password, "email": "2@example.org"}, "030 1234 2@example.org true"},
			{variables{}, "input.name: must be given if there is no telephone number"},
			{variables{"email": "3@example.org", "name": "", "phone": " "}, "input.name: must be given if there is no telephone number"},
			{variables{"phone": "call me"}, "input.phone: must be a telephone number"},
			{variables{"name": "Carl", "email": "carl"}, "input.email: must be an e-mail address"},
			{variables{"name": "Carl", "email": " ", "password": password}, "input.email: must be given with a password: it is needed to log in"},
			{variables{"phone": "030 1234", "password": password}, "input.email: must be given with a password"},
		} {
			a := s.mutate(admin.token, "createCustomer", test.input, customerFields)
			if path, _, isProblem := strings.Cut(test.want, ": "); isProblem {
				s.wantProblem(a, store.BadInput, path, test.want)
				continue
			}
			got := fmt.Sprintln(a.text("createCustomer.customer.name"), a.at("createCustomer.customer.email"), a.at("createCustomer.customer.canLogIn"))
			if got != test.want+"\n" {
				t.Errorf("%v becomes %s, want %s: %s", test.input, got, test.want, a.raw)
			}
		}
		person := variables{"name": "Nora", "email": "nora@example.org", "password": password, "phone": "030 1234"}
		for _, field := range []string{"name", "email"} {
			s.wantProblem(s.mutate("", "signUpCustomer", with(person, variables{field: " "}), "__typename"), store.BadInput, "input."+field, "must")
			a := s.mutate("", "signUpCustomer", with(person, variables{field: nil}), "__typename")
			s.wantProblem(a, store.BadInput, "input."+field, "")
		}
	})
}

// TestCaller checks that a telephone number in the place of a name follows the customer's number, and stays as long as it does.
func TestCaller(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		id := s.mutate(admin.token, "createCustomer", variables{"phone": " 030 1234"}, customerFields).text("createCustomer.customer.id")
		for _, test := range []struct {
			change variables
			want   string
		}{
			{variables{"phone": "030 9999"}, "030 9999 030 9999"},
			{variables{"name": "Carl", "phone": "030 7777"}, "Carl 030 7777"},
			{variables{"phone": nil}, "Carl <nil>"},
			{variables{"phone": "030 5555"}, "Carl 030 5555"},
			{variables{"name": "030 5555"}, "030 5555 030 5555"},
		} {
			a := s.mutate(admin.token, "updateCustomer", with(test.change, variables{"id": id}), customerFields)
			if got := fmt.Sprint(a.text("updateCustomer.customer.name"), " ", a.at("updateCustomer.customer.phone")); got != test.want {
				t.Errorf("after %v it is %s, want %s: %s", test.change, got, test.want, a.raw)
			}
		}
		a := s.mutate(admin.token, "updateCustomer", variables{"id": id, "phone": nil}, customerFields)
		s.wantProblem(a, store.BadInput, "input.phone", "takes the place of the name")
	})
}

// TestFilterByMissingAddress compares conditions on the address with the same ones on the company, which always could be
// missing.
func TestFilterByMissingAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		for _, address := range []string{"ann@example.org", "dee@example.org"} {
			a := s.mutate(admin.token, "createCustomer", variables{"name": address[:3], "email": address, "company": address}, "customer { id }")
			if len(a.Errors) > 0 {
				t.Fatal(a.raw)
			}
		}
		digits := strings.TrimPrefix(s.caller(admin.token, "bob"), "cus_")
		s.caller(admin.token, "cid")
		for condition, want := range map[string]string{
			`{F: {isNull: true}}`: "bob cid", `{F: {isNull: false}}`: "ann dee", `{not: {F: {isNull: true}}}`: "ann dee",
			`{F: {isNull: true, exact: true}}`: "bob cid", `{F: {isNull: true, startsWith: ""}}`: "",
			`{F: {eq: ""}}`: "", `{F: {ne: ""}}`: "ann bob cid dee", `{F: {in: [""]}}`: "", `{F: {in: []}}`: "",
			`{F: {ne: "ANN@example.org"}}`: "bob cid dee", `{F: {notIn: ["ann@example.org"]}}`: "bob cid dee",
			`{not: {F: {eq: "ann@example.org"}}}`: "bob cid dee", `{not: {F: {in: ["ann@example.org", ""]}}}`: "bob cid dee",
			`{F: {startsWith: ""}}`: "ann dee", `{F: {startsWith: "", exact: true}}`: "ann dee", `{not: {F: {startsWith: ""}}}`: "bob cid",
			`{F: {startsWith: "a"}}`: "ann", `{not: {F: {startsWith: "a"}}}`: "bob cid dee", `{F: {contains: "example"}}`: "ann dee",
			`{not: {F: {contains: "dee@"}}}`: "ann bob cid", `{or: [{F: {isNull: true}}, {F: {eq: "dee@example.org"}}]}`: "bob cid dee",
			`{and: [{F: {isNull: true}}, {name: {eq: "cid"}}]}`: "cid",
			// No text that a client sends finds the key that is stored instead of an address.
			`{F: {contains: "` + digits[:6] + `"}}`: "", `{F: {eq: "\u0000` + digits + `"}}`: "", `{F: {startsWith: "\u0000` + digits + `"}}`: "",
			`{F: {in: ["\u0000` + digits + `"]}}`: "", `{F: {contains: "\u0000` + digits + `"}}`: "",
		} {
			for _, field := range []string{"email", "company"} {
				where := strings.ReplaceAll(condition, "F:", field+":")
				for _, order := range []string{"NAME", "EMAIL", "CREATED_AT"} {
					a := s.must(admin.token, `{ customers(where: `+where+`, orderBy: {field: `+order+`}) { totalCount nodes { name } } }`, nil)
					if got := namesIn(a); got != want || a.at("customers.totalCount") != float64(len(strings.Fields(want))) {
						t.Errorf("%s by %s finds %q, want %q", where, order, a.raw, want)
					}
				}
			}
		}
	})
}

// namesIn returns the names of the customers in a response, in alphabetical order.
func namesIn(a answer) string {
	var names []string
	for i := range a.at("customers.nodes").([]any) {
		names = append(names, a.text(fmt.Sprintf("customers.nodes.%d.name", i)))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestCustomersWithoutAddress checks that any number of customers have no address, created at once, in lists by address, and
// that nobody becomes one of them by typing something.
func TestCustomersWithoutAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin := s.signUpUser("Rohan")
		cleo := s.signUpCustomer("Cleo")
		s.atOnce(5, func(i int) answer {
			return s.mutate(admin.token, "createCustomer", variables{"name": fmt.Sprint("caller ", i), "phone": "030 1234"}, "customer { id }")
		})
		var seen []string
		for cursor, more := any(nil), true; more && len(seen) < 10; {
			a := s.must(admin.token, `query($c: String) { customers(first: 2, after: $c, orderBy: {field: EMAIL}) {
				nodes { id email } pageInfo { hasNextPage endCursor } } }`, variables{"c": cursor})
			for i := range a.at("customers.nodes").([]any) {
				seen = append(seen, fmt.Sprint(a.at(fmt.Sprintf("customers.nodes.%d.email", i))))
			}
			cursor, more = a.at("customers.pageInfo.endCursor"), a.at("customers.pageInfo.hasNextPage") == true
		}
		if got := strings.Join(seen, " "); got != strings.Repeat("<nil> ", 5)+cleo.email {
			t.Errorf("in the order of addresses, they are %s", got)
		}
		id := s.caller(admin.token, "bob")
		for _, typed := range []string{"", " ", "\u200b", "\x00", "\x00" + strings.TrimPrefix(id, "cus_"), id} {
			s.refused(admin.token, customerByEmail, variables{"email": typed}, hide)
			s.wantProblem(s.mutate("", "logInCustomer", variables{"email": typed, "password": ""}, "__typename"), store.Unauthenticated, "", "wrong address")
		}
		interaction := s.createInteraction(admin, account{id: id}, "A call")
		got := s.must(admin.token, `query($id: ID!) { interaction(id: $id) { customer { name email } } }`, variables{"id": interaction})
		if got.at("interaction.customer.email") != nil || got.text("interaction.customer.name") != "bob" {
			t.Errorf("the customer of an interaction is %s", got.raw)
		}
		if a := s.mutate(admin.token, "deleteCustomer", variables{"id": id, "cascade": true}, "deletedInteractions"); len(a.Errors) > 0 {
			t.Errorf("deleting a customer without an address: %s", a.raw)
		}
	})
}

// TestRemoveAddress gives customers an address, a password, and takes the address away.
func TestRemoveAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		id := s.caller(p.admin.token, "Carl")
		carl := patched{"updateCustomer", "customer", "name email phone canLogIn version updatedAt", p.user.token, id}
		carl.check(s, variables{"email": nil}, nil)
		carl.check(s, variables{"email": "Carl@Example.org"}, map[string]any{"email": "Carl@Example.org"})
		for _, none := range []any{nil, "", " \u200b\u3164"} {
			carl.check(s, variables{"email": none}, map[string]any{"email": nil})
			carl.check(s, variables{"email": "Carl@Example.org"}, map[string]any{"email": "Carl@Example.org"})
		}
		carl.check(s, variables{"email": nil, "phone": "030 1234"}, map[string]any{"email": nil, "phone": "030 1234"})
		other := patched{"updateCustomer", "customer", "email version updatedAt", p.user.token, s.caller(p.admin.token, "Other")}
		other.check(s, variables{"email": "carl@example.org"}, map[string]any{"email": "carl@example.org"})
		s.wantProblem(carl.change(s, variables{"email": "CARL@example.org"}), store.Conflict, "input.email", "in use")

		setPassword := func(id string) answer {
			return s.mutate(p.admin.token, "setPassword", variables{"id": id, "newPassword": password}, "endedSessions")
		}
		s.wantProblem(setPassword(id), store.BadInput, "input.id", "without an e-mail address")
		other.check(s, variables{"email": nil}, map[string]any{"email": nil})
		carl.check(s, variables{"email": "carl@example.org"}, map[string]any{"email": "carl@example.org"})
		if a := setPassword(id); len(a.Errors) > 0 {
			t.Fatal(a.raw)
		}
		if a := s.mutate("", "logInCustomer", variables{"email": "CARL@example.org", "password": password}, "customer { id }"); a.text("logInCustomer.customer.id") != id {
			t.Errorf("with an address and a password, Carl can't log in: %s", a.raw)
		}
		for _, token := range []string{p.user.token, p.admin.token} {
			carl.token = token
			s.wantProblem(carl.change(s, variables{"email": " "}), store.BadInput, "input.email", "needed to log in")
		}
		rahul := patched{"updateCustomer", "customer", "email", p.customer.token, p.customer.id}
		s.wantProblem(rahul.change(s, variables{"email": nil}), store.BadInput, "input.email", "needed to log in")

		// Nobody ends up with a password and without an address.
		for range 3 {
			id := s.caller(p.admin.token, "Nora")
			nora := patched{"updateCustomer", "customer", "email", p.admin.token, id}
			nora.state(s, nora.change(s, variables{"email": "nora@example.org"}))
			answers := s.race(2, func(i int) answer {
				if i == 0 {
					return setPassword(id)
				}
				return nora.change(s, variables{"email": nil})
			})
			if len(answers[0].Errors)+len(answers[1].Errors) != 1 {
				t.Errorf("a password is set while the address is removed: %s and %s", answers[0].raw, answers[1].raw)
			}
			s.mutate(p.admin.token, "deleteCustomer", variables{"id": id}, "deletedId")
		}
	})
}
