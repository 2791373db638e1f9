package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/graph"
)

// The outcomes of a field besides the names in its response.
const (
	okay = "OK"
	none = "nothing"
	anon = "UNAUTHENTICATED"
	deny = "FORBIDDEN"
	hide = "NOT_FOUND"
	bad  = "BAD_USER_INPUT"
)

// row is the outcome of one root field for each of the six viewers. The object belongs to the owners, a customer and a user;
// the others of the same role are unrelated to it.
type row struct {
	field string
	// input returns the arguments, or a mutation's input, with documents that nothing else uses.
	input func(c *cell) variables
	// want is for: nobody, the owning customer, another, the owning user, another, an admin.
	want [6]string
}

// queryRows contain the names of the visible objects. See world for the names.
var queryRows = []row{
	//                               nobody  customer             user                                      admin
	//                                       owner     other      owner                other
	{"viewer", noInput, [6]string{none, "cleo", "cato", "uma", "otto", "ada"}},
	{"node", given("id", "plan"), [6]string{anon, "plan", hide, "plan", hide, "plan"}},
	{"node", given("id", "leak"), [6]string{anon, "leak", hide, "leak", hide, "leak"}},
	{"node", given("id", "cleo"), [6]string{anon, "cleo", hide, "cleo", "cleo", "cleo"}},
	{"node", given("id", "uma"), [6]string{anon, "uma", hide, "uma", "uma", "uma"}},
	{"node", given("id", "mail"), [6]string{anon, hide, hide, "mail", hide, "mail"}},
	{"nodes", all("ids"), [6]string{anon, "cleo leak plan uma", none, "cleo leak mail plan uma", "cleo uma", "cleo leak mail plan uma"}},
	{"user", by("id", "uma"), [6]string{anon, "uma", hide, "uma", "uma", "uma"}},
	{"user", by("email", "uma"), [6]string{anon, "uma", hide, "uma", "uma", "uma"}},
	{"user", by("email", "cleo"), [6]string{anon, hide, hide, hide, hide, hide}},
	{"users", noInput, [6]string{anon, "uma", "otto", "ada otto uma", "ada otto uma", "ada otto uma"}},
	{"customer", by("id", "cleo"), [6]string{anon, "cleo", hide, "cleo", "cleo", "cleo"}},
	{"customer", by("email", "cleo"), [6]string{anon, "cleo", hide, "cleo", "cleo", "cleo"}},
	{"customer", by("email", "uma"), [6]string{anon, hide, hide, hide, hide, hide}},
	{"customers", noInput, [6]string{anon, "cleo", "cato", "cato cleo", "cato cleo", "cato cleo"}},
	{"interaction", given("id", "plan"), [6]string{anon, "plan", hide, "plan", hide, "plan"}},
	{"interactions", noInput, [6]string{anon, "plan", "call", "plan", "call", "call plan"}},
	{"ticket", given("id", "leak"), [6]string{anon, "leak", hide, "leak", hide, "leak"}},
	{"tickets", noInput, [6]string{anon, "leak", "noise", "leak", "noise", "leak noise"}},
	{"latestSeq", noInput, [6]string{anon, okay, okay, okay, okay, okay}},
	{"mailHealth", noInput, [6]string{anon, deny, deny, deny, deny, okay}},
}

// subscriptionRows contain the names of the objects whose changes the viewer receives after all have changed.
var subscriptionRows = []row{
	{"ticketChanged", noInput, [6]string{anon, "leak", "noise", "leak", "noise", "leak noise"}},
	{"interactionChanged", noInput, [6]string{anon, "plan", "call", "plan", "call", "call plan"}},
	{"deliveryFailed", noInput, [6]string{anon, deny, deny, deny, deny, "mail"}},
}

// mutationRows contain OK if the mutation succeeds.
var mutationRows = []row{
	//                                     nobody customer    user        admin
	//                                            owner other owner other
	{"signUpUser", newAccount, [6]string{deny, deny, deny, deny, deny, deny}},
	{"signUpCustomer", newAccount, [6]string{okay, okay, okay, okay, okay, okay}},
	{"logInUser", credentialsOf("uma"), [6]string{okay, okay, okay, okay, okay, okay}},
	{"logInUser", credentialsOf("cleo"), [6]string{anon, anon, anon, anon, anon, anon}},
	{"logInCustomer", credentialsOf("cleo"), [6]string{okay, okay, okay, okay, okay, okay}},
	{"logInCustomer", credentialsOf("uma"), [6]string{anon, anon, anon, anon, anon, anon}},
	{"refresh", refreshToken, [6]string{okay, okay, okay, okay, okay, okay}},
	{"logOut", asNewcomer, [6]string{anon, okay, okay, okay, okay, okay}},
	{"logOutEverywhere", asNewcomer, [6]string{anon, okay, okay, okay, okay, okay}},
	{"changePassword", asNewcomer.with("currentPassword", password, "newPassword", "battery staple"), [6]string{anon, okay, okay, okay, okay, okay}},
	{"setPassword", onCustomer.with("newPassword", "battery staple"), [6]string{anon, deny, deny, deny, deny, okay}},
	{"setPassword", onUser.with("newPassword", "battery staple"), [6]string{anon, deny, deny, deny, deny, okay}},

	{"createUser", newAccount, [6]string{anon, deny, deny, deny, deny, okay}},
	{"updateUser", onUser.with("name", "Nobody"), [6]string{anon, deny, deny, okay, deny, okay}},
	{"updateUser", onUser.with("role", "ADMIN"), [6]string{anon, deny, deny, deny, deny, okay}},
	{"deactivateUser", onUser, [6]string{anon, deny, deny, deny, deny, okay}},
	{"handOver", ofUser, [6]string{anon, deny, deny, okay, deny, okay}},
	{"reactivateUser", onUser, [6]string{anon, deny, deny, deny, deny, okay}},
	{"deleteUser", onUser, [6]string{anon, deny, deny, deny, deny, okay}},

	{"createCustomer", newAccount, [6]string{anon, deny, deny, okay, okay, okay}},
	{"updateCustomer", onCustomer.with("company", "TCS"), [6]string{anon, okay, hide, okay, okay, okay}},
	{"deleteCustomer", onCustomer, [6]string{anon, okay, hide, deny, deny, okay}},

	{"createInteraction", newInteraction, [6]string{anon, deny, deny, okay, okay, okay}},
	{"createInteraction", newInteraction.withID("userId", "uma"), [6]string{anon, deny, deny, okay, deny, okay}},
	{"updateInteraction", onInteraction.with("title", "later"), [6]string{anon, deny, deny, okay, hide, okay}},
	{"updateInteraction", onInteraction.withID("userId", "otto"), [6]string{anon, deny, deny, okay, hide, okay}},
	{"cancelInteraction", onInteraction, [6]string{anon, deny, deny, okay, hide, okay}},
	{"deleteInteraction", onInteraction, [6]string{anon, deny, deny, okay, hide, okay}},

	{"redeliver", onDelivery, [6]string{anon, deny, deny, okay, hide, okay}},

	{"createTicket", newTicket, [6]string{anon, okay, hide, okay, hide, okay}},
	{"createTicket", newOwnTicket, [6]string{anon, okay, hide, okay, okay, okay}},
	{"updateTicket", onTicket.with("description", "worse"), [6]string{anon, okay, hide, okay, hide, okay}},
	{"updateTicket", onTicket.with("priority", "URGENT"), [6]string{anon, deny, hide, okay, hide, okay}},
	{"moveTicket", onTicket.with("status", "IN_PROGRESS"), [6]string{anon, bad, hide, okay, hide, okay}},
	{"moveTicket", onTicket.with("status", "CLOSED"), [6]string{anon, okay, hide, okay, hide, okay}},
	{"assignTicket", onTicket.withID("assigneeId", "otto"), [6]string{anon, deny, deny, okay, hide, okay}},
	{"assignTicket", onTicket.with("assigneeId", nil), [6]string{anon, deny, deny, okay, hide, okay}},
	{"moveTicket", onQueued.with("status", "PENDING"), [6]string{anon, bad, hide, okay, okay, okay}},
	{"takeTicket", onTicket, [6]string{anon, deny, deny, okay, hide, okay}},
	{"takeTicket", onQueued, [6]string{anon, deny, deny, okay, okay, okay}},
	{"deleteTicket", onTicket, [6]string{anon, okay, hide, deny, deny, okay}},
	{"redeliverFailed", input(noInput).with("first", 1), [6]string{anon, deny, deny, deny, deny, okay}},
}

// TestEveryFieldForEveryRole checks who may do what.
func TestEveryFieldForEveryRole(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *server) {
		w := s.newWorld()
		schema := graph.NewExecutableSchema(graph.Config{}).Schema()
		// Queries run first, because mutations create documents.
		for _, test := range slices.Concat(queryRows, mutationRows) {
			t.Run(test.field, func(t *testing.T) {
				for i, want := range test.want {
					c := &cell{world: w, s: s.in(t), column: column(i), me: w.asks(column(i))}
					if got := c.outcome(schema, test); got != want {
						t.Errorf("%s gets %q, want %q", c.column, got, want)
					}
				}
			})
		}
	})
}

// TestEveryRootFieldIsInTheMatrix fails for a new field without a row.
func TestEveryRootFieldIsInTheMatrix(t *testing.T) {
	t.Parallel()
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for _, test := range []struct {
		root *ast.Definition
		rows []row
	}{{schema.Query, queryRows}, {schema.Mutation, mutationRows}, {schema.Subscription, subscriptionRows}} {
		for _, field := range test.root.Fields {
			known := slices.ContainsFunc(test.rows, func(r row) bool { return r.field == field.Name })
			if !known && !strings.HasPrefix(field.Name, "__") {
				t.Errorf("%s.%s isn't in the matrix", test.root.Name, field.Name)
			}
		}
		for _, r := range test.rows {
			if test.root.Fields.ForName(r.field) == nil {
				t.Errorf("%s.%s is in the matrix and not in the schema", test.root.Name, r.field)
			}
		}
	}
}

// outcome sends a row's field and returns its outcome.
func (c *cell) outcome(schema *ast.Schema, r row) string {
	c.s.t.Helper()
	mutation := schema.Mutation.Fields.ForName(r.field) != nil
	query, vars := queryOf, r.input(c)
	if mutation {
		query, vars = mutationOf, variables{"input": vars}
	}
	a := c.s.ask(c.me.token, query(schema, r.field), vars)
	switch {
	case len(a.Errors) == 1 && a.Errors[0].Extensions.Code != "" && a.at(r.field) == nil:
		return a.Errors[0].Extensions.Code
	case len(a.Errors) > 0:
		return a.raw
	case mutation, a.text(r.field) != "":
		return okay
	}
	if object, ok := a.at(r.field).(map[string]any); ok && object["__typename"] != nil {
		return okay
	}
	if seen := c.names(a.at(r.field)); len(seen) > 0 {
		slices.Sort(seen)
		return strings.Join(seen, " ")
	}
	return none
}

// names returns the names of the documents anywhere in a response.
func (c *cell) names(in any) []string {
	switch in := in.(type) {
	case map[string]any:
		if id, ok := in["id"].(string); ok {
			return []string{c.nameOf(id)}
		}
		return c.names(in["nodes"])
	case []any:
		var names []string
		for _, item := range in {
			names = append(names, c.names(item)...)
		}
		return names
	}
	return nil
}

// queryOf returns a query of a field with all its required arguments, which selects ids.
func queryOf(schema *ast.Schema, name string) string {
	field := schema.Query.Fields.ForName(name)
	selection := "... on Node { id }"
	switch {
	case isWithoutID(schema.Types[field.Type.Name()]):
		selection = "__typename"
	case strings.HasSuffix(field.Type.Name(), "Connection"):
		selection = "nodes { id }"
	case schema.Types[field.Type.Name()].IsLeafType():
		return "query { " + field.Name + " }"
	}
	return operation("query", field, selection)
}

// isWithoutID reports whether a type is an object that is neither a node nor a page of nodes.
func isWithoutID(def *ast.Definition) bool {
	return def.Kind == ast.Object && def.Fields.ForName("id") == nil && def.Fields.ForName("nodes") == nil
}

// mutationOf returns a mutation that selects all fields without arguments, to check that none of them is refused.
func mutationOf(schema *ast.Schema, name string) string {
	field := schema.Mutation.Fields.ForName(name)
	return operation("mutation", field, selectAll(schema, schema.Types[field.Type.Name()], 2))
}

func selectAll(schema *ast.Schema, in *ast.Definition, depth int) string {
	fields := []string{"__typename"}
	for _, field := range in.Fields {
		switch of := schema.Types[field.Type.Name()]; {
		case len(field.Arguments) > 0:
		case of.IsLeafType():
			fields = append(fields, field.Name)
		case of.Kind == ast.Object && depth > 1:
			fields = append(fields, fmt.Sprintf("%s { %s }", field.Name, selectAll(schema, of, depth-1)))
		}
	}
	return strings.Join(fields, " ")
}

func operation(kind string, field *ast.FieldDefinition, selection string) string {
	var declared, passed []string
	for _, argument := range field.Arguments {
		if argument.Type.NonNull {
			declared = append(declared, fmt.Sprintf("$%s: %s", argument.Name, argument.Type))
			passed = append(passed, fmt.Sprintf("%s: $%s", argument.Name, argument.Name))
		}
	}
	if len(passed) == 0 {
		return fmt.Sprintf("%s { %s { %s } }", kind, field.Name, selection)
	}
	return fmt.Sprintf("%s(%s) { %s(%s) { %s } }",
		kind, strings.Join(declared, ", "), field.Name, strings.Join(passed, ", "), selection)
}
