package resolvers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"crm/db/store"
)

// people are who takes part in a test, and what they have.
type people struct {
	admin, user, customer, stranger account
	// interaction is the user's with the customer, ticket one on it.
	interaction, ticket string
}

func (s *server) people() people {
	s.t.Helper()
	admin := s.signUpUser("Rohan")
	p := people{
		admin: admin, user: s.hire(admin, "Uma"), customer: s.signUpCustomer("Rahul"), stranger: s.signUpCustomer("Stella"),
	}
	p.interaction = s.createInteraction(p.user, p.customer, "A demo")
	p.ticket = s.createTicket(p.customer, p.interaction, "It is broken")
	return p
}

// mutate asks for a mutation that takes one input, with that selection.
func (s *server) mutate(token, mutation string, input variables, selection string) answer {
	s.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:]
	if strings.HasPrefix(mutation, "logIn") {
		kind = "LogIn"
	}
	return s.ask(token, "mutation($input: "+kind+"Input!) { "+mutation+"(input: $input) { "+selection+" } }",
		variables{"input": input})
}

// leaks matches what only a programmer or the database says. Digits of an id may look like anything, hence the \b.
var leaks = regexp.MustCompile(`(?i)internal|panic|\.go:|goroutine|runtime|interface ?\{|map\[|struct|unmarshal|` +
	`strconv|json:|bson|mongo|sqlite|\bsql\b|constraint|\bE11000\b|duplicate key|_key\b|\bnil\b|crm/`)

// wantProblem checks that the answer is one error of that code, about that field, with a message for people.
func (s *server) wantProblem(a answer, code store.Code, path, message string) {
	s.t.Helper()
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != string(code) {
		s.t.Fatalf("answered %s\nwant one error with code %s", a.raw, code)
	}
	s.wantNoLeak(a)
	found := a.Errors[0]
	if !strings.Contains(found.Message, message) {
		s.t.Errorf("the message is %q, want %q in it", found.Message, message)
	}
	if path != "" && !slices.Contains(paths(found), path) {
		s.t.Errorf("the answer is about the fields %q, want %q", paths(found), path)
	}
}

func (s *server) wantNoLeak(a answer) {
	s.t.Helper()
	for _, problem := range a.Errors {
		if leak := leaks.FindString(problem.Message); leak != "" || problem.Extensions.Code == "" {
			s.t.Errorf("the answer has %q in a message: %s", leak, a.raw)
		}
	}
}

// paths are the fields that an error is about.
func paths(p problem) []string {
	found := make([]string, len(p.Extensions.Fields))
	for i, field := range p.Extensions.Fields {
		found[i] = field.Path
	}
	return found
}

// with returns a right input with some fields replaced.
func with(right, replaced variables) variables {
	input := variables{}
	for _, fields := range []variables{right, replaced} {
		for name, value := range fields {
			input[name] = value
		}
	}
	return input
}

// idOfNothing is an id of the form of that one, of nothing.
func idOfNothing(id string) string { return id[:4] + "0123456789abcdef01234567" }

func TestBadInput(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		hidden := s.createTicket(p.admin, s.createInteraction(p.admin, p.stranger, "Not the user's"), "Nor is this")
		person := variables{"name": "Nora", "email": "nora@example.org", "password": password}
		meeting := variables{"customerId": p.customer.id, "title": "A meeting", "startTime": "2050-01-01T10:00:00Z"}
		long := strings.Repeat("ä", 10_000)
		for _, test := range []struct {
			name, token, mutation string
			input                 variables
			code                  store.Code
			path, message         string
		}{
			{"an address without @", "", "signUpCustomer", with(person, variables{"email": "nora.example.org"}), store.BadInput, "input.email", "e-mail address"},
			{"an address of 300 characters", "", "signUpCustomer", with(person, variables{"email": strings.Repeat("n", 288) + "@example.org"}), store.BadInput, "input.email", "at most 254"},
			{"an address with a name before it", "", "signUpCustomer", with(person, variables{"email": "Nora <nora@example.org>"}), store.BadInput, "input.email", "e-mail address"},
			{"an address with a line break for the mail's head", "", "signUpCustomer", with(person, variables{"email": "nora@example.org\r\nBcc: all@example.org"}), store.BadInput, "input.email", "e-mail address"},
			{"an address that is taken, in upper case", "", "signUpCustomer", with(person, variables{"email": "RAHUL@EXAMPLE.ORG"}), store.Conflict, "input.email", "in use"},
			{"an address that another customer gets, too", p.admin.token, "updateCustomer", variables{"id": p.customer.id, "email": "Stella@Example.org"}, store.Conflict, "input.email", "in use"},
			{"an address that another user gets, too", p.user.token, "updateUser", variables{"id": p.user.id, "email": "ROHAN@example.com"}, store.Conflict, "input.email", "in use"},
			{"a password of 7 characters", "", "signUpCustomer", with(person, variables{"password": "1234567"}), store.BadInput, "input.password", "at least 8"},
			{"a password of 73 bytes", "", "signUpCustomer", with(person, variables{"password": strings.Repeat("é", 36) + "!"}), store.BadInput, "input.password", "at most 72"},
			{"a new password of 7 characters", p.customer.token, "changePassword", variables{"currentPassword": password, "newPassword": "1234567"}, store.BadInput, "input.newPassword", "at least 8"},
			{"a wrong current password", p.customer.token, "changePassword", variables{"currentPassword": "wrong horse", "newPassword": password}, store.BadInput, "input.currentPassword", "is not"},
			{"a password for a ticket", p.admin.token, "setPassword", variables{"id": p.ticket, "newPassword": password}, store.BadInput, "input.id", "user or a customer"},
			{"a password for nobody", p.admin.token, "setPassword", variables{"id": idOfNothing(p.customer.id), "newPassword": password}, store.NotFound, "", "no such customer"},
			{"no name", "", "signUpCustomer", with(person, variables{"name": ""}), store.BadInput, "input.name", "empty"},
			{"a name of 10,000 characters", "", "signUpCustomer", with(person, variables{"name": long}), store.BadInput, "input.name", "at most 200 characters, not 10000"},
			{"a name of spaces", "", "signUpCustomer", with(person, variables{"name": " \t\u00a0 "}), store.BadInput, "input.name", "empty"},
			{"a name with NUL", "", "signUpCustomer", with(person, variables{"name": "No\x00ra"}), store.BadInput, "input.name", "control"},
			{"a name with a line break", p.user.token, "createCustomer", with(person, variables{"name": "No\r\nra"}), store.BadInput, "input.name", "control"},
			{"a company of 10,000 characters", p.user.token, "createCustomer", with(person, variables{"company": long}), store.BadInput, "input.company", "at most 200"},
			{"letters for a telephone number", p.user.token, "createCustomer", with(person, variables{"phone": "call me maybe"}), store.BadInput, "input.phone", "telephone"},
			{"41 digits for a telephone number", p.user.token, "updateCustomer", variables{"id": p.customer.id, "phone": strings.Repeat("1", 41)}, store.BadInput, "input.phone", "telephone"},
			{"a customer for staff", p.admin.token, "createUser", with(person, variables{"role": "CUSTOMER"}), store.BadInput, "input.role", "ADMIN or USER"},
			{"staff who sign up", "", "signUpUser", person, store.Forbidden, "", "admin"},
			{"a role that is taken by oneself", p.user.token, "updateUser", variables{"id": p.user.id, "role": "ADMIN"}, store.Forbidden, "input.role", "admin"},
			{"the last admin's role", p.admin.token, "updateUser", variables{"id": p.admin.id, "role": "USER"}, store.Conflict, "", "last admin"},
			{"no title", p.user.token, "createInteraction", with(meeting, variables{"title": "  "}), store.BadInput, "input.title", "empty"},
			{"a description of 10,001 characters", p.user.token, "createInteraction", with(meeting, variables{"description": long + "!"}), store.BadInput, "input.description", "at most 10000"},
			{"an end before the start", p.user.token, "createInteraction", with(meeting, variables{"endTime": "2050-01-01T09:59:59Z"}), store.BadInput, "input.endTime", "before startTime"},
			{"a start behind the end", p.user.token, "updateInteraction", variables{"id": p.interaction, "startTime": "2051-01-01T10:00:00Z", "endTime": "2050-01-01T09:00:00Z"}, store.BadInput, "input.endTime", "before startTime"},
			{"an end and a duration", p.user.token, "createInteraction", with(meeting, variables{"endTime": "2050-01-01T11:00:00Z", "durationMinutes": 60}), store.BadInput, "input.durationMinutes", "together"},
			{"no minutes", p.user.token, "createInteraction", with(meeting, variables{"durationMinutes": 0}), store.BadInput, "input.durationMinutes", "from 1"},
			{"very many minutes", p.user.token, "createInteraction", with(meeting, variables{"durationMinutes": 2147483647}), store.BadInput, "input.durationMinutes", "to 525600"},
			{"a start in the year 0", p.user.token, "createInteraction", with(meeting, variables{"startTime": "0000-01-01T00:00:00Z"}), store.BadInput, "input.startTime", "years 1970 to 2199"},
			{"a start in the year 9999", p.user.token, "createInteraction", with(meeting, variables{"startTime": "9999-12-31T23:59:59Z"}), store.BadInput, "input.startTime", "years 1970 to 2199"},
			{"a move to the year 9999", p.user.token, "updateInteraction", variables{"id": p.interaction, "startTime": "9999-12-31T23:59:59Z"}, store.BadInput, "input.startTime", "years 1970 to 2199"},
			{"a start on a day that isn't", p.user.token, "createInteraction", with(meeting, variables{"startTime": "2050-02-30T10:00:00Z"}), store.BadInput, "input.startTime", "time like"},
			{"a start that is a number", p.user.token, "createInteraction", with(meeting, variables{"startTime": 2524644000}), store.BadInput, "input.startTime", "string like"},
			{"a kind that there isn't", p.user.token, "createInteraction", with(meeting, variables{"kind": "PARTY"}), store.BadInput, "input.kind", "MEETING"},
			{"a field that there isn't", p.user.token, "createInteraction", with(meeting, variables{"colour": "red"}), store.BadInput, "input.colour", "not a field"},
			{"a meeting for somebody else", p.user.token, "createInteraction", with(meeting, variables{"userId": p.admin.id}), store.Forbidden, "input.userId", "admin"},
			{"a meeting of nobody", p.admin.token, "createInteraction", with(meeting, variables{"userId": idOfNothing(p.user.id)}), store.NotFound, "input.userId", "nothing with this id"},
			{"a meeting with nobody", p.user.token, "createInteraction", with(meeting, variables{"customerId": idOfNothing(p.customer.id)}), store.NotFound, "input.customerId", "nothing with this id"},
			{"a meeting with a ticket", p.user.token, "createInteraction", with(meeting, variables{"customerId": p.ticket}), store.BadInput, "input.customerId", "the id of a ticket, not of a customer"},
			{"a ticket on a customer", p.user.token, "createTicket", variables{"interactionId": p.customer.id, "description": "Help"}, store.BadInput, "input.interactionId", "the id of a customer, not of an interaction"},
			{"a ticket on nothing", p.user.token, "createTicket", variables{"interactionId": idOfNothing(p.interaction), "description": "Help"}, store.NotFound, "input.interactionId", "nothing with this id"},
			{"a ticket on what is somebody else's", p.stranger.token, "createTicket", variables{"interactionId": p.interaction, "description": "Help"}, store.NotFound, "input.interactionId", "nothing with this id"},
			{"a ticket that says nothing", p.user.token, "createTicket", variables{"interactionId": p.interaction, "description": "\n"}, store.BadInput, "input.description", "empty"},
			{"a priority that a customer sets", p.customer.token, "updateTicket", variables{"id": p.ticket, "priority": "URGENT"}, store.Forbidden, "input.priority", "staff"},
			{"a step that is left out", p.user.token, "moveTicket", variables{"id": p.ticket, "status": "CLOSED"}, store.BadInput, "input.status", "is OPEN can't become CLOSED, only IN_PROGRESS"},
			{"a step that isn't a customer's", p.customer.token, "moveTicket", variables{"id": p.ticket, "status": "RESOLVED"}, store.BadInput, "input.status", "only CLOSED"},
			{"a ticket for a customer", p.user.token, "assignTicket", variables{"id": p.ticket, "assigneeId": p.customer.id}, store.BadInput, "input.assigneeId", "the id of a customer, not of a user"},
			{"a ticket for nobody knows whom", p.user.token, "assignTicket", variables{"id": p.ticket}, store.BadInput, "input.assigneeId", "must be given"},
			{"a ticket for somebody who isn't", p.user.token, "assignTicket", variables{"id": p.ticket, "assigneeId": idOfNothing(p.user.id)}, store.NotFound, "input.assigneeId", "nothing with this id"},
			{"an id of something else", p.admin.token, "deleteCustomer", variables{"id": p.ticket}, store.BadInput, "input.id", "the id of a ticket, not of a customer"},
			{"an id of no kind", p.admin.token, "deleteTicket", variables{"id": "xyz_" + p.ticket[4:]}, store.BadInput, "input.id", "not an id of this server"},
			{"an id without its kind", p.admin.token, "deleteTicket", variables{"id": p.ticket[4:]}, store.BadInput, "input.id", "not an id of this server"},
			{"an id with a digit more", p.admin.token, "deleteTicket", variables{"id": p.ticket + "0"}, store.BadInput, "input.id", "not an id of this server"},
			{"an id that is a number", p.admin.token, "deleteTicket", variables{"id": 17}, store.BadInput, "input.id", "not an id of this server"},
			{"an id of nothing", p.admin.token, "deleteTicket", variables{"id": idOfNothing(p.ticket)}, store.NotFound, "", "no such ticket"},
			{"an id of a hidden ticket", p.user.token, "updateTicket", variables{"id": hidden, "description": "Mine"}, store.NotFound, "", "no such ticket"},
			{"an id of a hidden customer", p.customer.token, "updateCustomer", variables{"id": p.stranger.id, "name": "Mine"}, store.NotFound, "", "no such customer"},
			{"a delivery of nothing", p.admin.token, "redeliver", variables{"id": "dlv_" + p.ticket[4:]}, store.NotFound, "", "no such delivery"},
			{"a version that is past", p.admin.token, "updateTicket", variables{"id": p.ticket, "expectedVersion": 99, "description": "New"}, store.Conflict, "input.expectedVersion", "version is 1, not 99"},
			{"a version that is no number", p.admin.token, "updateTicket", variables{"id": p.ticket, "expectedVersion": "1"}, store.BadInput, "input.expectedVersion", "whole number"},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := s.in(t)
				s.wantProblem(s.mutate(test.token, test.mutation, test.input, "__typename"), test.code, test.path, test.message)
			})
		}
	})
}

// TestNotFoundTellsNothing holds that what somebody may not see looks exactly like what isn't there.
func TestNotFoundTellsNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for field, id := range map[string]string{"customer": p.customer.id, "interaction": p.interaction, "ticket": p.ticket, "user": p.user.id} {
			for _, root := range []string{field, "node"} {
				query := "query($id: ID!) { " + root + "(id: $id) { id } }"
				if root == "customer" || root == "user" {
					query = "query($id: ID!) { " + root + "(by: {id: $id}) { id } }"
				}
				hidden := s.refused(p.stranger.token, query, variables{"id": id}, "NOT_FOUND")
				absent := s.refused(p.stranger.token, query, variables{"id": idOfNothing(id)}, "NOT_FOUND")
				if hidden.Message != absent.Message || !slices.Equal(paths(hidden), paths(absent)) {
					t.Errorf("%s of a hidden %s: %q, of nothing: %q", root, field, hidden.Message, absent.Message)
				}
			}
		}
		list := s.must(p.stranger.token, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`,
			variables{"ids": []string{p.customer.id, p.stranger.id, p.ticket, idOfNothing(p.ticket)}})
		if list.raw[:strings.Index(list.raw, `,"ext`)] != `{"data":{"nodes":[null,{"id":"`+p.stranger.id+`"},null,null]}` {
			t.Errorf("nodes are %s", list.raw)
		}
	})
}

// TestAllProblemsAtOnce holds that a form needn't be sent once for each of its mistakes.
func TestAllProblemsAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for _, test := range []struct {
			mutation string
			input    variables
			paths    []string
		}{
			{"signUpCustomer", variables{"name": "", "email": "x", "password": "y", "company": "\x00", "phone": "z"}, []string{"company", "email", "name", "password", "phone"}},
			{"createUser", variables{"name": "", "email": "x", "password": "y", "role": "CUSTOMER"}, []string{"email", "name", "password", "role"}},
			{"createInteraction", variables{"customerId": "x", "userId": p.ticket, "title": "", "startTime": "0001-01-01T00:00:00Z", "durationMinutes": 0, "location": "\x00"}, []string{"customerId", "durationMinutes", "location", "startTime", "title", "userId"}},
			{"updateInteraction", variables{"id": p.interaction, "title": "", "startTime": "0001-01-01T00:00:00Z", "location": "\x00"}, []string{"location", "startTime", "title"}},
			{"updateInteraction", variables{"id": p.interaction, "kind": nil, "startTime": nil, "status": nil}, []string{"kind", "startTime", "status"}},
			{"updateCustomer", variables{"id": p.customer.id, "name": nil, "email": nil, "phone": "x"}, []string{"email", "name", "phone"}},
			{"createTicket", variables{"interactionId": "x", "description": ""}, []string{"description", "interactionId"}},
			{"assignTicket", variables{"id": "x", "assigneeId": p.ticket}, []string{"assigneeId", "id"}},
			{"createTicket", variables{"interactionId": 1.5, "description": 5, "priority": "SOON"}, []string{"description", "interactionId", "priority"}},
		} {
			a := s.mutate(p.admin.token, test.mutation, test.input, "__typename")
			var found []string
			for _, problem := range a.Errors {
				for _, path := range paths(problem) {
					found = append(found, strings.TrimPrefix(path, "input."))
				}
			}
			slices.Sort(found)
			if !slices.Equal(found, test.paths) {
				t.Errorf("%s with %v is wrong in %q, want %q", test.mutation, test.input, found, test.paths)
			}
			s.wantNoLeak(a)
		}
	})
}
