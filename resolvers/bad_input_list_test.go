package resolvers_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crm/db/store"
	"crm/graph/apierror"
)

// nested returns a where input with a condition below depth nots.
func nested(depth int) string {
	return strings.Repeat("{not: ", depth) + `{name: {eq: "x"}}` + strings.Repeat("}", depth)
}

// badArguments are arguments of a list of customers that are refused, with the problem that the response names.
type badArguments struct {
	name, arguments string
	code            store.Code
	path, message   string
}

// badSizes are wrong sizes of a page.
func badSizes() []badArguments {
	return []badArguments{
		{"first: -1", `first: -1`, store.BadInput, "first", "from 0 to 100, not -1"},
		{"first: 1000", `first: 1000`, store.BadInput, "first", "from 0 to 100, not 1000"},
		{"first above 32 bits", `first: 4294967297`, store.BadInput, "first", "32 bits"},
		{"last: 101", `last: 101`, store.BadInput, "last", "from 0 to 100"},
		{"first and last", `first: 5, last: 5`, store.BadInput, "last", "together with first"},
	}
}

// badCursors are cursors that are made up, changed or of other lists.
func (s *server) badCursors(p people) []badArguments {
	s.t.Helper()
	page := s.must(p.admin.token, `{ customers { pageInfo { endCursor } } users { pageInfo { endCursor } }
		byName: customers(orderBy: {field: NAME}) { pageInfo { endCursor } }
		reversed: customers(orderBy: {field: CREATED_AT}) { pageInfo { endCursor } } }`, nil)
	cursor := page.text("customers.pageInfo.endCursor")
	forged, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		s.t.Fatal(err)
	}
	forged[len(forged)-3] ^= 1 // a digit of the id
	return []badArguments{
		{"a made up cursor", `after: "MTIzNDU2Nzg5MA"`, store.BadInput, "after", "not a cursor of this list"},
		{"a cursor with NUL", `after: "\u0000"`, store.BadInput, "after", "not a cursor of this list"},
		{"a forged cursor", `before: "` + base64.RawURLEncoding.EncodeToString(forged) + `"`, store.BadInput, "before", "not a cursor of this list"},
		{"a cut cursor", `after: "` + cursor[:len(cursor)-4] + `"`, store.BadInput, "after", "not a cursor of this list"},
		{"another list's cursor", `after: "` + page.text("users.pageInfo.endCursor") + `"`, store.BadInput, "after", "not a cursor of this list"},
		{"another order's cursor", `after: "` + page.text("byName.pageInfo.endCursor") + `"`, store.BadInput, "after", "not a cursor of this list"},
		{"another direction's cursor", `after: "` + page.text("reversed.pageInfo.endCursor") + `"`, store.BadInput, "after", "not a cursor of this list"},
	}
}

func badOrders() []badArguments {
	return []badArguments{
		{"4 keys", `orderBy: [{field: NAME}, {field: EMAIL}, {field: CREATED_AT}, {field: UPDATED_AT}]`, store.BadInput, "orderBy", "at most 3 keys, not 4"},
		{"a key twice", `orderBy: [{field: NAME}, {field: NAME, direction: DESC}]`, store.BadInput, "orderBy", "each key once"},
		{"an unknown key", `orderBy: {field: PASSWORD}`, apierror.ValidationFailed, "", "PASSWORD"},
	}
}

// badFilters are where inputs with unknown fields and operators, wrong operands, or too much of anything.
func badFilters(p people) []badArguments {
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = fmt.Sprintf("%q", idOfNothing(p.customer.id))
	}
	conditions := strings.Repeat(`{name: {eq: "x"}}`, 101)
	return []badArguments{
		{"contains too much", `where: {name: {contains: "` + strings.Repeat("x", 1001) + `"}}`, store.BadInput, "where.name.contains", "at most 1000 characters"},
		{"starts with too much", `where: {name: {startsWith: "` + strings.Repeat("é", 1001) + `"}}`, store.BadInput, "where.name.startsWith", "at most 1000 characters"},
		{"contains too little", `where: {or: [{company: {contains: "é1"}}]}`, store.BadInput, "where.or.0.company.contains", "at least 3 characters"},
		{"an unknown operator", `where: {name: {regex: ".*"}}`, apierror.ValidationFailed, "", "regex"},
		{"an unknown field", `where: {password: {startsWith: "$2"}}`, apierror.ValidationFailed, "", "password"},
		{"9 deep", `where: ` + nested(8), store.BadInput, "where" + strings.Repeat(".not", 8), "at most 8 deep"},
		{"101 conditions", `where: {or: [` + conditions + `]}`, store.BadInput, "where", "at most 100 conditions, not 101"},
		{"101 empty conditions", `where: {or: [` + strings.Repeat(`{} `, 101) + `]}`, store.BadInput, "where", "at most 100 conditions, not 101"},
		{"51 conditions on others", `where: {or: [` + strings.Repeat(`{interactions: {some: {title: {eq: "x"}}}}`, 51) + `]}`, store.BadInput, "where", "at most 100 conditions, not 102"},
		{"a telephone number without digits", `where: {phone: {eq: ""}}`, store.BadInput, "where.phone.eq", "must have a digit"},
		{"in of 101", `where: {id: {in: [` + strings.Join(ids, " ") + `]}}`, store.BadInput, "where.id.in", "at most 100 values, not 101"},
		{"notIn of 101", `where: {not: {name: {notIn: [` + strings.Join(ids, " ") + `]}}}`, store.BadInput, "where.not.name.notIn", "at most 100 values, not 101"},
		{"an id of another kind", `where: {id: {in: ["` + p.customer.id + `", "` + p.ticket + `"]}}`, store.BadInput, "where.id.in.1", "the id of a ticket, not of a customer"},
		{"an invalid time", `where: {createdAt: {gt: "yesterday"}}`, store.BadInput, "where.createdAt.gt", "time like"},
	}
}

func TestBadList(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		p := s.people()
		for _, test := range slices.Concat(badSizes(), s.badCursors(p), badOrders(), badFilters(p)) {
			t.Run(test.name, func(t *testing.T) {
				s := s.in(t)
				a := s.ask(p.admin.token, "{ customers("+test.arguments+") { nodes { id } } }", nil)
				s.wantProblem(a, test.code, test.path, test.message)
			})
		}
		t.Run("a key after the priority", func(t *testing.T) {
			s := s.in(t)
			a := s.ask(p.admin.token, "{ tickets(orderBy: [{field: PRIORITY}, {field: UPDATED_AT}]) { nodes { id } } }", nil)
			s.wantProblem(a, store.BadInput, "orderBy.1", "must be CREATED_AT")
		})
		t.Run("8 deep", func(t *testing.T) {
			s.in(t).must(p.admin.token, "{ customers(where: "+nested(7)+") { totalCount } }", nil)
		})
		t.Run("all at once", func(t *testing.T) {
			a := s.in(t).ask(p.admin.token, `{ customers(first: -1, last: -1, after: "x", before: "y") { nodes { id } } }`, nil)
			for _, path := range []string{"first", "last", "after", "before"} {
				s.wantProblem(a, store.BadInput, path, path)
			}
			a = s.in(t).ask(p.admin.token, `{ customers(where: {id: {eq: "x"}, not: {id: {in: ["y", "z"]}}}) { nodes { id } } }`, nil)
			for _, path := range []string{"where.id.eq", "where.not.id.in.0", "where.not.id.in.1"} {
				s.wantProblem(a, store.BadInput, path, path)
			}
		})
		t.Run("in a nested list", func(t *testing.T) {
			a := s.in(t).ask(p.admin.token, `{ customers { nodes { interactions(first: -1) { nodes { id } } } } }`, nil)
			for _, found := range a.Errors {
				s.wantProblem(answer{Errors: []problem{found}, raw: a.raw}, store.BadInput, "first", "from 0 to 100")
			}
		})
		t.Run("filters for admins only", func(t *testing.T) {
			s := s.in(t)
			for field, where := range map[string]string{
				"role": "{role: {eq: ADMIN}}",
			} {
				s.wantProblem(s.ask(p.user.token, "{ users(where: {or: ["+where+"]}) { nodes { id } } }", nil),
					store.Forbidden, "where.or.0."+field, "admin")
				s.wantProblem(s.ask(p.customer.token, "{ tickets(where: {interaction: {user: "+where+"}}) { totalCount } }", nil),
					store.Forbidden, "where.interaction.user."+field, "admin")
			}
		})
	})
}
