package schemadiff

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// base is a schema with every kind of element.
const base = `
type Query { a(x: Int, y: Int! = 1, z: Int!, old: Int @deprecated): A, u: U, n: Node, e: E, in(i: I, one: O): [A!]!, s: S }
interface Node { id: ID! }
interface Named { name: String }
type A implements Node & Named { id: ID!, name: String, names: [String]!, old: Int @deprecated, plain: Int }
type B { b: Int }
union U = A | B
enum E { X, Y, OLD @deprecated }
input I { a: Int, b: Int! = 1, c: Int!, d: [Int!] = [1], old: Int @deprecated }
input O { a: Int, b: Int }
scalar S
directive @d(x: Int, y: Int! = 1) repeatable on FIELD | QUERY
`

// change replaces a part of base; want are the breaking changes.
type change struct {
	from, to string
	want     []string
}

// compatible changes break no client.
var compatible = []change{
	{"", "", nil},
	{"plain: Int", "plain: Int!, more: Int", nil},
	{"names: [String]!", "names: [String!]!", nil},
	{"in(i: I, one: O): [A!]!", "in(i: I, one: O, more: Int, most: Int! = 1): [A!]!", nil},
	{"z: Int!", "z: Int", nil},
	{"c: Int!", "c: Int, e: Int, f: Int! = 5", nil},
	{"d: [Int!] =", "d: [Int] =", nil},
	{"enum E { X", "enum E { W, X", nil},
	{"union U = A | B", "type C { c: Int } union U = B | C | A", nil},
	{"type B {", "type B implements Named { name: String", nil},
	{"FIELD | QUERY", "QUERY | FIELD | MUTATION", nil},
	{"plain: Int", "plain: Int @deprecated(reason: \"Ask for `id`.\")", nil},
	{"scalar S", `scalar S @specifiedBy(url: "https://example.com") directive @new on FIELD`, nil},
	{"type B {", "\"described\" type B {", nil},
}

// breakingOutputs are breaking changes of outputs; an exclamation mark means that there was no deprecation.
var breakingOutputs = []change{
	{", s: S }", "}", []string{"Query.s: the field was removed!"}},
	{"plain: Int", "", []string{"A.plain: the field was removed!"}},
	{"old: Int @deprecated, plain", "plain", []string{"A.old: the field was removed"}},
	{"plain: Int", "plain: String", []string{"A.plain: the type changed from Int to String"}},
	{"plain: Int", "plain: [Int]", []string{"A.plain: the type changed from Int to [Int]"}},
	{"names: [String]!", "names: [String]", []string{"A.names: the type changed from [String]! to [String]"}},
	{"): [A!]!", "): [A]!", []string{"Query.in: the type changed from [A!]! to [A]!"}},
	{"): [A!]!", "): A!", []string{"Query.in: the type changed from [A!]! to A!"}},
	{"n: Node", "n: A", []string{"Query.n: the type changed from Node to A"}},
	{"A | B", "A", []string{"U: B is no longer in the union"}},
	{"Node & Named", "Node", []string{"A: it no longer implements Named"}},
	{"X, Y", "X", []string{"E.Y: the value was removed!"}},
	{", OLD @deprecated", "", []string{"E.OLD: the value was removed"}},
	{"scalar S", "enum S { A }", []string{"S: it changed from a scalar to an enum"}},
	{"interface Named { name: String }\ntype A implements Node & Named", "type Named { name: String }\ntype A implements Node", []string{"A: it no longer implements Named", "Named: it changed from an interface to an object type"}},
	{"type B { b: Int }\nunion U = A | B", "union U = A", []string{"B: the type was removed", "U: B is no longer in the union"}},
}

// breakingInputs are breaking changes of inputs.
var breakingInputs = []change{
	{"a(x: Int,", "a(", []string{"Query.a(x:): the argument was removed!"}},
	{", old: Int @deprecated): A", "): A", []string{"Query.a(old:): the argument was removed"}},
	{"z: Int!,", "", []string{"Query.a(z:): the argument was removed"}},
	{"x: Int, y: Int! = 1, z", "x: Int!, y: Int! = 1, z", []string{"Query.a(x:): the type changed from Int to Int!"}},
	{"a(x: Int", "a(x: ID", []string{"Query.a(x:): the type changed from Int to ID"}},
	{"a(x: Int", "a(w: Int!, x: Int", []string{"Query.a(w:): a required argument was added"}},
	{"y: Int! = 1, z", "y: Int! = 2, z", []string{"Query.a(y:): the default changed from 1 to 2"}},
	{"y: Int! = 1, z", "y: Int!, z", []string{"Query.a(y:): the default 1 was removed"}},
	{"{ a: Int, b: Int! = 1", "{ b: Int! = 1", []string{"I.a: the input field was removed!"}},
	{", old: Int @deprecated }\ninput", "}\ninput", []string{"I.old: the input field was removed"}},
	{"c: Int!", "c: String!", []string{"I.c: the type changed from Int! to String!"}},
	{"c: Int!", "c: Int!, e: Int!", []string{"I.e: a required input field was added"}},
	{"d: [Int!] =", "d: [Int!]! =", []string{"I.d: the type changed from [Int!] to [Int!]!"}},
	{"= [1]", "= [2]", []string{"I.d: the default changed from [1] to [2]"}},
	{"input O {", "input O @oneOf {", []string{"O: it is now @oneOf: exactly one of its fields must be given"}},
	{"directive @d(x: Int, y: Int! = 1) repeatable on FIELD | QUERY", "", []string{"@d: the directive was removed"}},
	{"@d(x: Int,", "@d(w: Int!,", []string{"@d(w:): a required argument was added", "@d(x:): the argument was removed!"}},
	{"repeatable ", "", []string{"@d: it is no longer repeatable"}},
	{"FIELD | QUERY", "FIELD", []string{"@d: it is no longer allowed on QUERY"}},
}

func TestBreaking(t *testing.T) {
	t.Parallel()
	older := load(t, base)
	for _, test := range slices.Concat(compatible, breakingOutputs, breakingInputs) {
		if !strings.Contains(base, test.from) {
			t.Fatalf("the base has no %q", test.from)
		}
		var got []string
		for _, change := range Breaking(older, load(t, strings.Replace(base, test.from, test.to, 1))) {
			text := change.String()
			if change.Sudden {
				text += "!"
			}
			got = append(got, text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q for %q breaks %q, want %q", test.to, test.from, got, test.want)
		}
	}
}

func load(t *testing.T, sdl string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: sdl})
	if err != nil {
		t.Fatalf("%v in %s", err, sdl)
	}
	return schema
}
