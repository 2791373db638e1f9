package document

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Pages are the page sizes of lists: Default if the query doesn't set one, and at most Max.
type Pages struct{ Default, Max int }

// introspectionElements is the assumed length of lists in introspection, except for the list of all types: most are short, because
// most fields have no arguments. Those of a type besides its fields count as one element each, because most are empty: a type has either
// fields or input fields or values.
const introspectionElements = 2

// complexityOf returns the cost of a valid operation: the number of fields in its response if every page is full. A
// field that is selected twice in one place counts twice. The time is linear in the document's length.
func complexityOf(
	schema *ast.Schema, pages Pages, doc *ast.QueryDocument, operation *ast.OperationDefinition, variables map[string]any,
) int {
	c := costing{
		fragments: indexFragments(doc), known: map[string]weight{}, variables: variables, types: len(schema.Types), pages: pages,
	}
	total := c.selectionSet(operation.SelectionSet)
	return add(total.once, multiply(pages.Default, total.perElement))
}

// weight is the cost of a selection set: its fixed cost, and the cost per element of its lists. The enclosing field
// determines the number of elements, because a connection's page size is its argument.
type weight struct{ once, perElement int }

func (w *weight) include(other weight) {
	w.once = add(w.once, other.once)
	w.perElement = add(w.perElement, other.perElement)
}

type costing struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]weight
	variables map[string]any
	// types is the number of types in the schema.
	types int
	pages Pages
}

func (c *costing) selectionSet(set ast.SelectionSet) weight {
	var total weight
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			total.include(c.field(selection))
		case *ast.InlineFragment:
			total.include(c.selectionSet(selection.SelectionSet))
		case *ast.FragmentSpread:
			total.include(c.fragment(selection.Name))
		}
	}
	return total
}

func (c *costing) fragment(name string) weight {
	if known, ok := c.known[name]; ok {
		return known
	}
	cost := c.selectionSet(c.fragments[name].SelectionSet)
	c.known[name] = cost
	return cost
}

func (c *costing) field(field *ast.Field) weight {
	children := c.selectionSet(field.SelectionSet)
	isList := field.Definition.Type.Elem != nil && len(field.SelectionSet) > 0
	if ids := field.Arguments.ForName("ids"); isList && ids != nil {
		return weight{once: add(1, multiply(c.length(ids.Value), add(children.once, children.perElement)))}
	}
	cost := add(1, add(children.once, multiply(c.elements(field), children.perElement)))
	switch {
	case isList && field.ObjectDefinition.Name == "__Schema" && field.Name == "types":
		return weight{once: multiply(c.types, cost)}
	case isList && field.ObjectDefinition.Name == "__Type" && field.Name != "fields":
		return weight{once: cost}
	case isList:
		return weight{perElement: cost}
	}
	return weight{once: cost}
}

// elements returns the number of elements of the lists below the field. Resolvers refuse pages above the maximum, so
// these cost no more than the largest page.
func (c *costing) elements(field *ast.Field) int {
	if strings.HasPrefix(field.Name, "__") || strings.HasPrefix(field.ObjectDefinition.Name, "__") {
		return introspectionElements
	}
	elements, given := 0, false
	for _, name := range []string{"first", "last"} {
		if argument := field.Arguments.ForName(name); argument != nil {
			if size, ok := integer(argument.Value, c.variables); ok {
				elements, given = max(elements, size), true
			}
		}
	}
	if !given {
		return c.pages.Default
	}
	return min(max(elements, 0), c.pages.Max)
}

// length returns how many elements a list argument has.
func (c *costing) length(value *ast.Value) int {
	given, err := value.Value(c.variables)
	if err != nil {
		return 0
	}
	if list, ok := given.([]any); ok {
		return min(len(list), c.pages.Max)
	}
	return 1
}

// integer returns an Int argument's value; ok is false if it is null or left out.
func integer(value *ast.Value, variables map[string]any) (n int, ok bool) {
	given, err := value.Value(variables)
	if err != nil || given == nil {
		return 0, false
	}
	n, err = graphql.UnmarshalInt(given)
	return n, err == nil
}
