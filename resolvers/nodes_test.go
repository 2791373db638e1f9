package resolvers_test

import (
	"reflect"
	"strings"
	"testing"

	"crm/db"
	"crm/db/store"
)

// TestBadIDsAmongNodes checks that an id that isn't one, or of nothing, is null in its place and spoils nothing else.
func TestBadIDsAmongNodes(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		admin, customer := s.signUpUser("Ada"), s.signUpCustomer("Carl")
		for name, query := range map[string]string{
			"rendered": `query($ids: [ID!]!) { list: nodes(ids: $ids) { id } viewer { ... on User { name } } }`,
			"executed": `query($ids: [ID!]!, $yes: Boolean = true) { list: nodes(ids: $ids) { id ... @include(if: $yes) { __typename } } viewer { ... on User { name } } }`,
		} {
			t.Run(name, func(t *testing.T) {
				s := s.in(t)
				a := s.ask(admin.token, query, variables{"ids": []string{customer.id, "nonsense", idOfNothing(customer.id), "cus_xyz", admin.id}})
				var got []any
				list, _ := a.at("list").([]any)
				for _, node := range list {
					fields, _ := node.(map[string]any)
					got = append(got, fields["id"])
				}
				if want := []any{customer.id, nil, nil, nil, admin.id}; !reflect.DeepEqual(got, want) || a.text("viewer.name") != "Ada" {
					t.Errorf("got %s", a.raw)
				}
				if len(a.Errors) != 2 || a.Errors[0].Extensions.Code != string(store.BadInput) || a.Errors[0].Extensions.Fields[0].Path != "ids.1" ||
					!reflect.DeepEqual(a.Errors[1].Path, []any{"list", 3.0}) {
					t.Errorf("errors in %s", a.raw)
				}
			})
		}
		a := s.ask(admin.token, `{ a: node(id: "nonsense") { id } b: node(id: "`+customer.id+`") { id } }`, nil)
		if len(a.Errors) != 1 || a.at("a") != nil || a.text("b.id") != customer.id {
			t.Errorf("got %s", a.raw)
		}
	})
}

// TestListsThatFail checks that a root list with wrong arguments, or one that is forbidden, is null and spoils nothing else.
func TestListsThatFail(t *testing.T) {
	t.Parallel()
	s := serve(t, openSQLite(t), db.Options{})
	admin, customer := s.signUpUser("Ada"), s.signUpCustomer("Carl")
	for _, test := range []struct{ list, path string }{
		{`users(first: 101) { totalCount }`, "first"},
		{`customers(first: 1, last: 1) { totalCount }`, ""},
		{`customers(where: {id: {in: ["nonsense"]}}) { nodes { id } }`, "where.id.in.0"},
		{`interactions(after: "nonsense") { nodes { id } }`, "after"},
		{`tickets(where: {interaction: {customerId: {eq: "nonsense"}}}) { totalCount }`, "where.interaction.customerId.eq"},
		{`customerNotes(last: -1) { nodes { id } }`, "last"},
	} {
		for how, directive := range map[string]string{"rendered": "", "executed": " @skip(if: $no)"} {
			t.Run(how+" "+test.list, func(t *testing.T) {
				s := s.in(t)
				a := s.ask(admin.token, `query($no: Boolean = false) { list: `+strings.Replace(test.list, ") {", ")"+directive+" {", 1)+
					` viewer { ... on User { name } } again: viewer @skip(if: $no) { ... on User { name } } }`, nil)
				if a.at("list") != nil || a.text("viewer.name") != "Ada" || a.text("again.name") != "Ada" || len(a.Errors) != 1 {
					t.Fatalf("got %s", a.raw)
				}
				if e := a.Errors[0]; e.Extensions.Code != string(store.BadInput) || !reflect.DeepEqual(e.Path, []any{"list"}) ||
					test.path != "" && e.Extensions.Fields[0].Path != test.path {
					t.Errorf("the error is %s", a.raw)
				}
			})
		}
	}
	a := s.ask(customer.token, `{ customerNotes { totalCount } viewer { ... on Customer { name } } }`, nil)
	if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != string(store.Forbidden) || a.at("customerNotes") != nil || a.text("viewer.name") != "Carl" {
		t.Errorf("a forbidden list gets %s", a.raw)
	}
}
