package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// shape returns problems of required fields, given as "name: Type".
func shape(definition *ast.Definition, want ...string) (problems []string) {
	for _, text := range want {
		name, typ, _ := strings.Cut(text, ": ")
		if field := definition.Fields.ForName(name); field == nil || field.Type.String() != typ {
			problems = append(problems, fmt.Sprintf("%s has no %s", definition.Name, text))
		}
	}
	return problems
}

// badNodes finds violations of Global Object Identification, on which Relay and caches rely.
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

// badConnections finds violations of Relay's Cursor Connections, extended by nodes and totalCount.
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

// badMutations finds mutations without exactly one input or without their own payload type: they could not be extended
// without breaking clients. A payload must be nullable, or the failure of one mutation would hide the results of others
// in the operation.
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
				problems = append(problems, coordinate+" does not take exactly one input")
			}
		}
	}
	return problems
}

// unequalMembers finds fields of a union's members that have the same name, but not the same type: validation refuses operations
// that select both.
func unequalMembers(schema *ast.Schema) (problems []string) {
	for _, union := range own(schema) {
		if union.Kind != ast.Union {
			continue
		}
		first := schema.Types[union.Types[0]]
		for _, name := range union.Types[1:] {
			for _, field := range fieldsOf(schema.Types[name]) {
				other := first.Fields.ForName(field.Name)
				if other != nil && other.Type.String() != field.Type.String() {
					problems = append(problems, fmt.Sprintf("%s.%s is %s, %s.%s is %s", first.Name, field.Name, other.Type, name, field.Name, field.Type))
				}
			}
		}
	}
	return problems
}

// TestConventionsAreChecked violates each convention in a small schema.
func TestConventionsAreChecked(t *testing.T) {
	t.Parallel()
	const base = `
		type Query { node: Node nodes: [Node]! as(first: Int after: String last: Int before: String): AConnection s: S x(o: O): X u: U }
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
		enum X { ONE_OF }
		union U = A | B
		type B implements Node { id: ID! label: String }`
	for _, test := range []struct{ from, to, want string }{
		{"", "", ""},
		{"label: String", "Label: String", "names: A.Label does not follow the naming convention"},
		{"x(o: O): X", "x(o_o: O): X", "names: Query.x(o_o:) does not follow the naming convention"},
		{"ONE_OF", "OneOf", "names: X.OneOf does not follow the naming convention"},
		{"label: String", "aLabel: String", "names: A.aLabel repeats the name of its type"},
		{"x(o: O): X", "getX(o: O): X", "names: Query.getX repeats the name of its type"},
		{"`title`", "something", "deprecations: MakeAInput.name is deprecated without a reason that names its replacement"},
		{"`title`", "`subject`", "deprecations: MakeAInput.name is deprecated without a reason that names its replacement"},
		{`(reason: "Say ` + "`title`" + `.")`, "", "deprecations: MakeAInput.name is deprecated without a reason that names its replacement"},
		{`@specifiedBy(url: "https://example.com")`, "", "scalars: S lacks @specifiedBy, which defines the form of its values"},
		{"a: Int b: Int }", "a: Int b: Int! }", "@oneOf: O.b can't be left out of a @oneOf input"},
		{"a: Int b: Int }", "a: Int b: Int = 1 }", "@oneOf: O.b can't be left out of a @oneOf input"},
		{"node: Node", "node: A", "nodes: Query has no node: Node"},
		{"type MakeAPayload { a: A }", "type MakeAPayload { a: A id: ID! }", "nodes: MakeAPayload has an id and is no Node"},
		{"totalCount: Int!", "", "connections: AConnection has no totalCount: Int!"},
		{"node: A!", "node: A", "connections: AEdge has no node: A!"},
		{"endCursor: String", "endCursor: ID", "connections: PageInfo has no endCursor: String"},
		{"after: String", "after: Int", "connections: Query.as has no after: String"},
		{"(input: MakeAInput!)", "(input: MakeAInput!, name: String)", "mutations: Mutation.makeA does not take exactly one input"},
		{"(input: MakeAInput!)", "(input: MakeAInput)", "mutations: Mutation.makeA does not take exactly one input"},
		{"): MakeAPayload", "): MakeAPayload!", "mutations: Mutation.makeA doesn't return MakeAPayload"},
		{"): MakeAPayload", "): AConnection unused: MakeAPayload", "mutations: Mutation.makeA doesn't return MakeAPayload"},
		{"label: String", "label: String!", "unions: A.label is String!, B.label is String"},
		{"x(o: O): X", "x(o: Int): X", "reachable: O is not reachable"},
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
