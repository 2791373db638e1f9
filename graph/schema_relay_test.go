package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// shape returns what is wrong with fields that have to be there, given as "name: Type".
func shape(definition *ast.Definition, want ...string) (problems []string) {
	for _, text := range want {
		name, typ, _ := strings.Cut(text, ": ")
		if field := definition.Fields.ForName(name); field == nil || field.Type.String() != typ {
			problems = append(problems, fmt.Sprintf("%s has no %s", definition.Name, text))
		}
	}
	return problems
}

// badNodes break the Global Object Identification that Relay and caches rely on.
func badNodes(schema *ast.Schema) (problems []string) {
	problems = shape(schema.Query, "node: Node", "nodes: [Node]!")
	for _, definition := range own(schema) {
		isNode := slices.Contains(definition.Interfaces, "Node") || definition.Name == "Node"
		if isNode {
			problems = append(problems, shape(definition, "id: ID!")...)
		}
		if definition.Kind == ast.Object && !isNode && definition.Fields.ForName("id") != nil {
			problems = append(problems, definition.Name+" has an id and is no Node")
		}
	}
	return problems
}

// badConnections break Relay's Cursor Connections, with nodes and totalCount beside edges.
func badConnections(schema *ast.Schema) (problems []string) {
	for _, definition := range own(schema) {
		if name, is := strings.CutSuffix(definition.Name, "Connection"); is {
			problems = append(problems, shape(definition, "edges: ["+name+"Edge!]!", "nodes: ["+name+"!]!",
				"pageInfo: PageInfo!", "totalCount: Int!")...)
		}
		if name, is := strings.CutSuffix(definition.Name, "Edge"); is {
			problems = append(problems, shape(definition, "cursor: String!", "node: "+name+"!")...)
		}
		if definition.Name == "PageInfo" {
			problems = append(problems, shape(definition, "hasNextPage: Boolean!", "hasPreviousPage: Boolean!",
				"startCursor: String", "endCursor: String")...)
		}
		for _, field := range definition.Fields {
			if strings.HasSuffix(field.Type.Name(), "Connection") && definition.IsCompositeType() {
				arguments := &ast.Definition{Name: definition.Name + "." + field.Name}
				for _, argument := range field.Arguments {
					arguments.Fields = append(arguments.Fields, &ast.FieldDefinition{Name: argument.Name, Type: argument.Type})
				}
				problems = append(problems, shape(arguments, "first: Int", "after: String", "last: Int", "before: String")...)
			}
		}
	}
	return problems
}

// badMutations have anything but one input, or no payload of their own: neither could grow without breaking clients. A
// payload may be null, or the failure of one mutation would hide what the others in the operation did.
func badMutations(schema *ast.Schema) (problems []string) {
	if schema.Mutation == nil {
		return nil
	}
	for _, field := range fieldsOf(schema.Mutation) {
		coordinate := "Mutation." + field.Name
		payload := strings.ToUpper(field.Name[:1]) + field.Name[1:] + "Payload"
		if field.Type.String() != payload {
			problems = append(problems, coordinate+" doesn't return "+payload)
		}
		for _, argument := range field.Arguments {
			if argument.Name != "input" || !argument.Type.NonNull || !strings.HasSuffix(argument.Type.Name(), "Input") {
				problems = append(problems, coordinate+" takes something else than one input")
			}
		}
	}
	return problems
}

// TestConventionsAreHeld breaks each convention in a small schema.
func TestConventionsAreHeld(t *testing.T) {
	t.Parallel()
	const base = `
		type Query { node: Node nodes: [Node]! as(first: Int after: String last: Int before: String): AConnection s: S x(o: O): X }
		type Mutation { makeA(input: MakeAInput!): MakeAPayload }
		input MakeAInput { name: String @deprecated(reason: "Say ` + "`title`" + `.") title: String }
		type MakeAPayload { a: A }
		interface Node { id: ID! }
		type A implements Node { id: ID! label: String }
		type AConnection { edges: [AEdge!]! nodes: [A!]! pageInfo: PageInfo! totalCount: Int! }
		type AEdge { cursor: String! node: A! }
		type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
		scalar S @specifiedBy(url: "https://example.com")
		input O @oneOf { a: Int b: Int }
		enum X { ONE_OF }`
	for _, test := range []struct{ from, to, want string }{
		{"", "", ""},
		{"label: String", "Label: String", "names: A.Label is not written like the others"},
		{"x(o: O): X", "x(o_o: O): X", "names: Query.x(o_o:) is not written like the others"},
		{"ONE_OF", "OneOf", "names: X.OneOf is not written like the others"},
		{"label: String", "aLabel: String", "names: A.aLabel repeats where it is"},
		{"x(o: O): X", "getX(o: O): X", "names: Query.getX repeats where it is"},
		{"`title`", "something", "deprecations: MakeAInput.name is deprecated without a reason that names what replaces it"},
		{"`title`", "`subject`", "deprecations: MakeAInput.name is deprecated without a reason that names what replaces it"},
		{`(reason: "Say ` + "`title`" + `.")`, "", "deprecations: MakeAInput.name is deprecated without a reason that names what replaces it"},
		{`@specifiedBy(url: "https://example.com")`, "", "scalars: S doesn't say by @specifiedBy what its values look like"},
		{"a: Int b: Int }", "a: Int b: Int! }", "@oneOf: O.b can't be left out of a @oneOf input"},
		{"a: Int b: Int }", "a: Int b: Int = 1 }", "@oneOf: O.b can't be left out of a @oneOf input"},
		{"node: Node", "node: A", "nodes: Query has no node: Node"},
		{"type MakeAPayload { a: A }", "type MakeAPayload { a: A id: ID! }", "nodes: MakeAPayload has an id and is no Node"},
		{"totalCount: Int!", "", "connections: AConnection has no totalCount: Int!"},
		{"node: A!", "node: A", "connections: AEdge has no node: A!"},
		{"endCursor: String", "endCursor: ID", "connections: PageInfo has no endCursor: String"},
		{"after: String", "after: Int", "connections: Query.as has no after: String"},
		{"(input: MakeAInput!)", "(input: MakeAInput!, name: String)", "mutations: Mutation.makeA takes something else than one input"},
		{"(input: MakeAInput!)", "(input: MakeAInput)", "mutations: Mutation.makeA takes something else than one input"},
		{"): MakeAPayload", "): MakeAPayload!", "mutations: Mutation.makeA doesn't return MakeAPayload"},
		{"): MakeAPayload", "): AConnection unused: MakeAPayload", "mutations: Mutation.makeA doesn't return MakeAPayload"},
		{"x(o: O): X", "x(o: Int): X", "reachable: O is reached by nothing"},
	} {
		schema, err := gqlparser.LoadSchema(&ast.Source{Input: strings.Replace(base, test.from, test.to, 1)})
		if err != nil {
			t.Fatalf("%q for %q: %v", test.to, test.from, err)
		}
		var got []string
		for _, convention := range conventions {
			for _, problem := range convention.problems(schema) {
				got = append(got, convention.name+": "+problem)
			}
		}
		if (test.want == "") != (len(got) == 0) || test.want != "" && !slices.Contains(got, test.want) {
			t.Errorf("%q for %q: got %q, want %q", test.to, test.from, got, test.want)
		}
	}
}
