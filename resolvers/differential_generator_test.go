package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/graph"
)

// servedTypes is the schema of the random operations.
var servedTypes = graph.NewExecutableSchema(graph.Config{}).Schema()

// randomOperation is a valid operation.
type randomOperation struct {
	query, name string
	variables   map[string]any
	// selected contains each selected field as "Type.field".
	selected map[string]bool
}

// generator generates one random operation. Selections with the same response key, anywhere in the operation, select the
// same field with the same arguments, so they can be merged, like those of fragments.
type generator struct {
	rnd       *rand.Rand
	known     *knownValues
	fragments []*namedFragment
	// answers maps each response key to its field.
	answers map[string]string
	// arguments contains the earlier arguments of a field, which lets it be selected again with the same ones.
	arguments map[string][]string
	// budget is the number of fields that may still be selected.
	budget   int
	selected map[string]bool
	declared []string
	values   map[string]any
	// isMutation excludes fields whose values depend on the clock or on randomness.
	isMutation bool
}

func newGenerator(rnd *rand.Rand, known *knownValues) *generator {
	return &generator{
		rnd: rnd, known: known, answers: map[string]string{}, arguments: map[string][]string{}, budget: 10 + rnd.IntN(50),
		selected: map[string]bool{}, values: map[string]any{},
	}
}

// chance is true with a probability in percent.
func (g *generator) chance(percent int) bool { return g.rnd.IntN(100) < percent }

func oneOf[T any](g *generator, choices []T) T { return choices[g.rnd.IntN(len(choices))] }

// queryOperation generates a query.
func (g *generator) queryOperation() randomOperation {
	root := g.selectionSet(servedTypes.Query, 2+g.rnd.IntN(7))
	return g.finish("query", root)
}

// finish assembles the document, sometimes with a second operation, which the request's operationName doesn't select.
func (g *generator) finish(kind, root string) randomOperation {
	operation := randomOperation{variables: g.values, selected: g.selected}
	var parts []string
	head := kind
	if len(g.declared) > 0 || g.chance(30) {
		head += " Asked"
		if len(g.declared) > 0 {
			head += "(" + strings.Join(g.declared, ", ") + ")"
		}
		if g.chance(10) {
			operation.name = "Asked"
			parts = append(parts, "query Other { viewer { __typename } }")
		}
	}
	parts = append(parts, head+" "+root)
	for _, fragment := range g.fragments {
		parts = append(parts, fragment.text)
	}
	g.rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	operation.query = strings.Join(parts, "\n")
	return operation
}

// selectionSet writes a selection set on a type, with a maximum depth of objects.
func (g *generator) selectionSet(on *ast.Definition, depth int) string {
	parts := make([]string, 1+g.rnd.IntN(4))
	for i := range parts {
		switch n := g.rnd.IntN(100); {
		case n < 10:
			parts[i] = g.inlineFragment(on, depth)
		case n < 20 && g.budget > 0:
			parts[i] = g.spread(on, depth)
		case n < 25:
			parts[i] = g.field(on, typenameField, depth)
		default:
			parts[i] = g.anyField(on, depth)
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

var typenameField = &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}

// anyField writes a random field; for an abstract type, mostly a field of a possible type.
func (g *generator) anyField(on *ast.Definition, depth int) string {
	if on.IsAbstractType() && g.budget > 0 && (on.Kind == ast.Union || g.chance(70)) {
		return g.inlineFragment(on, depth)
	}
	var leaves, objects []*ast.FieldDefinition
	for _, field := range on.Fields {
		switch {
		case g.isLeftOut(field):
		case servedTypes.Types[field.Type.Name()].IsLeafType():
			leaves = append(leaves, field)
		case depth > 0 && g.budget > 0:
			objects = append(objects, field)
		}
	}
	switch {
	case len(objects) > 0 && (len(leaves) == 0 || g.chance(60)):
		return g.field(on, oneOf(g, objects), depth)
	case len(leaves) > 0:
		return g.field(on, oneOf(g, leaves), depth)
	}
	return g.field(on, typenameField, depth)
}

// isLeftOut makes fields rare that only the executor renders: introspection, which is also long, and root fields that are
// leaves.
func (g *generator) isLeftOut(field *ast.FieldDefinition) bool {
	switch field.Name {
	case "__schema":
		return !g.chance(2)
	case "__type", "latestSeq", "customerSignup":
		return !g.chance(10)
	}
	return g.isMutation && isVague(field)
}

// field writes one field with its alias, arguments, directives and selection.
func (g *generator) field(on *ast.Definition, field *ast.FieldDefinition, depth int) string {
	g.budget--
	g.selected[on.Name+"."+field.Name] = true
	arguments := g.argumentsOf(on, field)
	text := g.answerName(field, arguments)
	if text != field.Name {
		text += ": " + field.Name
	}
	text += arguments + g.directives()
	if composite := servedTypes.Types[field.Type.Name()]; composite != nil && composite.IsCompositeType() {
		if strings.HasPrefix(composite.Name, "__") {
			depth = min(depth, 3)
		}
		text += " " + g.selectionSet(composite, depth-1)
	}
	return text
}

// aliases are also the names of other fields.
var aliases = []string{"a", "b", "id", "name", "nodes", "node", "title", "_", "__x", "tickets", "status", "A1"}

// answerName returns a response key that no other field uses.
func (g *generator) answerName(field *ast.FieldDefinition, arguments string) string {
	meant := field.Name + arguments + field.Type.String()
	candidates := []string{field.Name}
	if g.chance(25) {
		candidates = []string{oneOf(g, aliases), field.Name}
	}
	candidates = append(candidates, oneOf(g, aliases), fmt.Sprintf("k%d", len(g.answers)))
	for _, name := range candidates {
		if other, taken := g.answers[name]; !taken || other == meant {
			g.answers[name] = meant
			return name
		}
	}
	panic("the last candidate is never taken")
}

// directives writes @skip and @include, which mostly include their selection.
func (g *generator) directives() string {
	var text string
	for _, directive := range []struct {
		name string
		pass bool
	}{{"skip", false}, {"include", true}} {
		if g.chance(5) {
			condition := g.chance(75) == directive.pass
			text += " @" + directive.name + "(if: " + g.condition(condition) + ")"
		}
	}
	return text
}

func (g *generator) condition(value bool) string {
	switch n := g.rnd.IntN(4); n {
	case 0:
		return fmt.Sprint(value)
	case 1:
		return "$" + g.declare("Boolean! = "+fmt.Sprint(value), nil, false)
	case 2:
		return "$" + g.declare("Boolean = "+fmt.Sprint(!value), value, true)
	}
	return "$" + g.declare("Boolean!", value, true)
}
