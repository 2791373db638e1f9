package resolvers_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"crm/db/store"
)

// people are the accounts of a test, and their objects.
type people struct {
	admin, user, customer, stranger account
	// interaction is between user and customer, and ticket is on it.
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

// mutate sends a mutation with one input and a selection.
func (s *server) mutate(token, mutation string, input variables, selection string) answer {
	s.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:]
	if strings.HasPrefix(mutation, "logIn") {
		kind = "LogIn"
	}
	return s.ask(token, "mutation($input: "+kind+"Input!) { "+mutation+"(input: $input) { "+selection+" } }",
		variables{"input": input})
}

// leaks matches texts of Go errors and of databases. The \b keep it from matching digits of an id.
var leaks = regexp.MustCompile(`(?i)internal [a-z]|panic|\.go:|goroutine|runtime|interface ?\{|map\[|struct|unmarshal|` +
	`strconv|json:|bson|mongo|sqlite|\bsql\b|constraint|\bE11000\b|duplicate key|_key\b|\bnil\b|crm/`)

// wantProblem checks that the response is one error with this code and field, and a readable message.
func (s *server) wantProblem(a answer, code store.Code, path, message string) {
	s.t.Helper()
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != string(code) {
		s.t.Fatalf("got %s\nwant one error with code %s", a.raw, code)
	}
	s.wantNoLeak(a)
	found := a.Errors[0]
	if !strings.Contains(found.Message, message) {
		s.t.Errorf("the message is %q, want %q in it", found.Message, message)
	}
	if path != "" && !slices.Contains(paths(found), path) {
		s.t.Errorf("the error is about the fields %q, want %q", paths(found), path)
	}
}

func (s *server) wantNoLeak(a answer) {
	s.t.Helper()
	for _, problem := range a.Errors {
		if leak := leaks.FindString(problem.Message); leak != "" || problem.Extensions.Code == "" {
			s.t.Errorf("a message contains %q: %s", leak, a.raw)
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

// with returns a valid input with some fields replaced.
func with(right, replaced variables) variables {
	input := variables{}
	for _, fields := range []variables{right, replaced} {
		for name, value := range fields {
			input[name] = value
		}
	}
	return input
}

// idOfNothing returns an unused id of the same kind.
func idOfNothing(id string) string { return id[:4] + "0123456789abcdef01234567" }

// badInput is an input that is refused, with the problem that the response names.
type badInput struct {
	name, token, mutation string
	input                 variables
	code                  store.Code
	path, message         string
}

// longText has as many characters as a description may have.
var longText = strings.Repeat("ä", 10_000)

// badAccounts are inputs with wrong addresses, passwords, names, telephone numbers and roles.
func badAccounts(p people) []badInput {
	person := variables{"name": "Nora", "email": "nora@example.org", "password": password}
	return []badInput{
		{"an address without @", "", "signUpCustomer", with(person, variables{"email": "nora.example.org"}), store.BadInput, "input.email", "e-mail address"},
		{"an address of 300 characters", "", "signUpCustomer", with(person, variables{"email": strings.Repeat("n", 288) + "@example.org"}), store.BadInput, "input.email", "at most 254"},
		{"an address with a name before it", "", "signUpCustomer", with(person, variables{"email": "Nora <nora@example.org>"}), store.BadInput, "input.email", "e-mail address"},
		{"an address with a line break for a mail header", "", "signUpCustomer", with(person, variables{"email": "nora@example.org\r\nBcc: all@example.org"}), store.BadInput, "input.email", "e-mail address"},
		{"an address that is taken, in upper case", "", "signUpCustomer", with(person, variables{"email": "RAHUL@EXAMPLE.ORG"}), store.Conflict, "input.email", "in use"},
		{"an update to another customer's address", p.admin.token, "updateCustomer", variables{"id": p.customer.id, "email": "Stella@Example.org"}, store.Conflict, "input.email", "in use"},
		{"an update to another user's address", p.admin.token, "updateUser", variables{"id": p.user.id, "email": "ROHAN@example.com"}, store.Conflict, "input.email", "in use"},
		{"an update of the own address", p.user.token, "updateUser", variables{"id": p.user.id, "email": "new@example.com"}, store.BadInput, "input.email", "requestEmailChange"},
		{"a password of 7 characters", "", "signUpCustomer", with(person, variables{"password": "1234567"}), store.BadInput, "input.password", "at least 8"},
		{"a password of 73 bytes", "", "signUpCustomer", with(person, variables{"password": strings.Repeat("é", 36) + "!"}), store.BadInput, "input.password", "at most 72"},
		{"a new password of 7 characters", p.customer.token, "changePassword", variables{"currentPassword": password, "newPassword": "1234567"}, store.BadInput, "input.newPassword", "at least 8"},
		{"a wrong current password", p.customer.token, "changePassword", variables{"currentPassword": "wrong horse", "newPassword": password}, store.BadInput, "input.currentPassword", "is not"},
		{"a password for a ticket", p.admin.token, "setPassword", variables{"id": p.ticket, "newPassword": password}, store.BadInput, "input.id", "user or a customer"},
		{"a password for nobody", p.admin.token, "setPassword", variables{"id": idOfNothing(p.customer.id), "newPassword": password}, store.NotFound, "", "no such customer"},
		{"no name", "", "signUpCustomer", with(person, variables{"name": ""}), store.BadInput, "input.name", "empty"},
		{"a name of 10,000 characters", "", "signUpCustomer", with(person, variables{"name": longText}), store.BadInput, "input.name", "at most 200 characters, not 10000"},
		{"a name of spaces", "", "signUpCustomer", with(person, variables{"name": " \t\u00a0 "}), store.BadInput, "input.name", "empty"},
		{"an invisible name", "", "signUpCustomer", with(person, variables{"name": "\u200b\u3164 \u202e"}), store.BadInput, "input.name", "must not be empty"},
		{"a password with a line break", "", "signUpCustomer", with(person, variables{"password": password + "\n"}), store.BadInput, "input.password", "control characters"},
		{"a name with NUL", "", "signUpCustomer", with(person, variables{"name": "No\x00ra"}), store.BadInput, "input.name", "the control character U+0000"},
		{"a name with a line break", p.user.token, "createCustomer", with(person, variables{"name": "No\r\nra"}), store.BadInput, "input.name", "control"},
		{"a company of 10,000 characters", p.user.token, "createCustomer", with(person, variables{"company": longText}), store.BadInput, "input.company", "at most 200"},
		{"letters for a telephone number", p.user.token, "createCustomer", with(person, variables{"phone": "call me maybe"}), store.BadInput, "input.phone", "telephone"},
		{"41 digits for a telephone number", p.user.token, "updateCustomer", variables{"id": p.customer.id, "phone": strings.Repeat("1", 41)}, store.BadInput, "input.phone", "telephone"},
		{"a time zone that depends on the machine", "", "signUpCustomer", with(person, variables{"timeZone": "Local"}), store.BadInput, "input.timeZone", "IANA"},
		{"an unknown time zone", p.user.token, "updateUser", variables{"id": p.user.id, "timeZone": "Mars/Olympus_Mons"}, store.BadInput, "input.timeZone", "Asia/Kolkata"},
		{"an offset as a time zone", p.user.token, "createCustomer", with(person, variables{"timeZone": "+05:30"}), store.BadInput, "input.timeZone", "IANA"},
		{"a time zone with leap seconds", p.user.token, "createCustomer", with(person, variables{"timeZone": "right/Europe/Berlin"}), store.BadInput, "input.timeZone", "IANA"},
		{"a path as a time zone", p.admin.token, "createUser", with(person, variables{"timeZone": "../../../etc/passwd"}), store.BadInput, "input.timeZone", "IANA"},
		{"a customer for staff", p.admin.token, "createUser", with(person, variables{"role": "CUSTOMER"}), store.BadInput, "input.role", "ADMIN or USER"},
		{"staff who sign up", "", "signUpUser", person, store.Forbidden, "", "admin"},
		{"a role that users give themselves", p.user.token, "updateUser", variables{"id": p.user.id, "role": "ADMIN"}, store.Forbidden, "input.role", "admin"},
		{"the last admin's role", p.admin.token, "updateUser", variables{"id": p.admin.id, "role": "USER"}, store.Conflict, "", "last admin"},
	}
}

func badInteractions(p people) []badInput {
	meeting := variables{"customerId": p.customer.id, "title": "A meeting", "startTime": "2050-01-01T10:00:00Z"}
	return []badInput{
		{"no title", p.user.token, "createInteraction", with(meeting, variables{"title": "  "}), store.BadInput, "input.title", "empty"},
		{"a description of 10,001 characters", p.user.token, "createInteraction", with(meeting, variables{"description": longText + "!"}), store.BadInput, "input.description", "at most 10000"},
		{"an end before the start", p.user.token, "createInteraction", with(meeting, variables{"endTime": "2050-01-01T09:59:59Z"}), store.BadInput, "input.endTime", "before startTime"},
		{"a start after the end", p.user.token, "updateInteraction", variables{"id": p.interaction, "startTime": "2051-01-01T10:00:00Z", "endTime": "2050-01-01T09:00:00Z"}, store.BadInput, "input.endTime", "before startTime"},
		{"an end and a duration", p.user.token, "createInteraction", with(meeting, variables{"endTime": "2050-01-01T11:00:00Z", "durationMinutes": 60}), store.BadInput, "input.durationMinutes", "together"},
		{"no minutes", p.user.token, "createInteraction", with(meeting, variables{"durationMinutes": 0}), store.BadInput, "input.durationMinutes", "from 1"},
		{"very many minutes", p.user.token, "createInteraction", with(meeting, variables{"durationMinutes": 2147483647}), store.BadInput, "input.durationMinutes", "to 525600"},
		{"a start in the year 0", p.user.token, "createInteraction", with(meeting, variables{"startTime": "0000-01-01T00:00:00Z"}), store.BadInput, "input.startTime", "years 1970 to 2199"},
		{"a start in the year 9999", p.user.token, "createInteraction", with(meeting, variables{"startTime": "9999-12-31T23:59:59Z"}), store.BadInput, "input.startTime", "years 1970 to 2199"},
		{"a move to the year 9999", p.user.token, "updateInteraction", variables{"id": p.interaction, "startTime": "9999-12-31T23:59:59Z"}, store.BadInput, "input.startTime", "years 1970 to 2199"},
		{"a start on February 30", p.user.token, "createInteraction", with(meeting, variables{"startTime": "2050-02-30T10:00:00Z"}), store.BadInput, "input.startTime", "time like"},
		{"a start that is a number", p.user.token, "createInteraction", with(meeting, variables{"startTime": 2524644000}), store.BadInput, "input.startTime", "string like"},
		{"an unknown kind", p.user.token, "createInteraction", with(meeting, variables{"kind": "PARTY"}), store.BadInput, "input.kind", "MEETING"},
		{"an unknown field", p.user.token, "createInteraction", with(meeting, variables{"colour": "red"}), store.BadInput, "input.colour", "not a field"},
		{"a meeting for somebody else", p.user.token, "createInteraction", with(meeting, variables{"userId": p.admin.id}), store.Forbidden, "input.userId", "admin"},
		{"a meeting of an unknown user", p.admin.token, "createInteraction", with(meeting, variables{"userId": idOfNothing(p.user.id)}), store.NotFound, "input.userId", "nothing with this id"},
		{"a meeting with an unknown customer", p.user.token, "createInteraction", with(meeting, variables{"customerId": idOfNothing(p.customer.id)}), store.NotFound, "input.customerId", "nothing with this id"},
		{"a meeting with a ticket", p.user.token, "createInteraction", with(meeting, variables{"customerId": p.ticket}), store.BadInput, "input.customerId", "the id of a ticket, not of a customer"},
	}
}

func badTickets(p people) []badInput {
	return []badInput{
		{"a ticket on a customer", p.user.token, "createTicket", variables{"interactionId": p.customer.id, "description": "Help"}, store.BadInput, "input.interactionId", "the id of a customer, not of an interaction"},
		{"a ticket on an unknown interaction", p.user.token, "createTicket", variables{"interactionId": idOfNothing(p.interaction), "description": "Help"}, store.NotFound, "input.interactionId", "nothing with this id"},
		{"a ticket on somebody else's interaction", p.stranger.token, "createTicket", variables{"interactionId": p.interaction, "description": "Help"}, store.NotFound, "input.interactionId", "nothing with this id"},
		{"an empty ticket", p.user.token, "createTicket", variables{"interactionId": p.interaction, "description": "\n"}, store.BadInput, "input.description", "empty"},
		{"a priority that a customer sets", p.customer.token, "updateTicket", variables{"id": p.ticket, "priority": "URGENT"}, store.Forbidden, "input.priority", "staff"},
		{"a move that customers may not make", p.customer.token, "moveTicket", variables{"id": p.ticket, "status": "RESOLVED"}, store.BadInput, "input.status", "only CLOSED"},
		{"a ticket for a customer", p.user.token, "assignTicket", variables{"id": p.ticket, "assigneeId": p.customer.id}, store.BadInput, "input.assigneeId", "the id of a customer, not of a user"},
		{"an assignment without an assignee", p.user.token, "assignTicket", variables{"id": p.ticket}, store.BadInput, "input.assigneeId", "is required"},
		{"a ticket for an unknown user", p.user.token, "assignTicket", variables{"id": p.ticket, "assigneeId": idOfNothing(p.user.id)}, store.NotFound, "input.assigneeId", "nothing with this id"},
	}
}

// badReferences are inputs whose id or version is not that of an object that the viewer may change. The ticket hidden is one
// that the user may not see.
func badReferences(p people, hidden string) []badInput {
	return []badInput{
		{"an id of another kind", p.admin.token, "deleteCustomer", variables{"id": p.ticket}, store.BadInput, "input.id", "the id of a ticket, not of a customer"},
		{"an id with an unknown kind", p.admin.token, "deleteTicket", variables{"id": "xyz_" + p.ticket[4:]}, store.BadInput, "input.id", "not an id of this server"},
		{"an id without its kind", p.admin.token, "deleteTicket", variables{"id": p.ticket[4:]}, store.BadInput, "input.id", "not an id of this server"},
		{"an id with an extra digit", p.admin.token, "deleteTicket", variables{"id": p.ticket + "0"}, store.BadInput, "input.id", "not an id of this server"},
		{"an id that is a number", p.admin.token, "deleteTicket", variables{"id": 17}, store.BadInput, "input.id", "not an id of this server"},
		{"an unknown id", p.admin.token, "deleteTicket", variables{"id": idOfNothing(p.ticket)}, store.NotFound, "", "no such ticket"},
		{"an id of a hidden ticket", p.user.token, "updateTicket", variables{"id": hidden, "description": "Mine"}, store.NotFound, "", "no such ticket"},
		{"an id of a hidden customer", p.customer.token, "updateCustomer", variables{"id": p.stranger.id, "name": "Mine"}, store.NotFound, "", "no such customer"},
		{"an unknown delivery", p.admin.token, "redeliver", variables{"id": "dlv_" + p.ticket[4:]}, store.NotFound, "", "no such delivery"},
		{"a wrong version", p.admin.token, "updateTicket", variables{"id": p.ticket, "expectedVersion": 99, "description": "New"}, store.Conflict, "input.expectedVersion", "version is 1, not 99"},
		{"a version that is not a number", p.admin.token, "updateTicket", variables{"id": p.ticket, "expectedVersion": "1"}, store.BadInput, "input.expectedVersion", "whole number"},
	}
}

func TestBadInput(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		hidden := s.createTicket(p.admin, s.createInteraction(p.admin, p.stranger, "Not the user's"), "Nor is this")
		for _, test := range slices.Concat(badAccounts(p), badInteractions(p), badTickets(p), badReferences(p, hidden)) {
			t.Run(test.name, func(t *testing.T) {
				s := s.in(t)
				s.wantProblem(s.mutate(test.token, test.mutation, test.input, "__typename"), test.code, test.path, test.message)
			})
		}
	})
}

// TestNotFoundRevealsNothing checks that an object that the viewer may not see looks exactly like one that doesn't exist.
func TestNotFoundRevealsNothing(t *testing.T) {
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
					t.Errorf("%s of a hidden %s: %q, of a missing one: %q", root, field, hidden.Message, absent.Message)
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

// TestAllProblemsAtOnce checks that one response names all problems of an input.
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
				t.Errorf("%s with %v has the problems %q, want %q", test.mutation, test.input, found, test.paths)
			}
			s.wantNoLeak(a)
		}
	})
}
