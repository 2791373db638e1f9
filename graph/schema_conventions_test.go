package graph

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// conventions are rules for the schema beyond validity. Each returns its violations, with schema coordinates.
var conventions = []struct {
	name     string
	problems func(*ast.Schema) []string
}{
	{"names", misnamed},
	{"deprecations", badDeprecations},
	{"scalars", unspecifiedScalars},
	{"@oneOf", badOneOfs},
	{"nodes", badNodes},
	{"connections", badConnections},
	{"mutations", badMutations},
	{"unions", unequalMembers},
	{"reachable", unreachable},
}

func TestSchemaConventions(t *testing.T) {
	t.Parallel()
	for _, convention := range conventions {
		for _, problem := range convention.problems(ServedSchema()) {
			t.Errorf("%s: %s", convention.name, problem)
		}
	}
}

// own returns the schema's own types, sorted by name.
func own(schema *ast.Schema) []*ast.Definition {
	var types []*ast.Definition
	for _, definition := range schema.Types {
		if !definition.BuiltIn {
			types = append(types, definition)
		}
	}
	slices.SortFunc(types, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return types
}

// fieldsOf returns a type's fields without those for introspection.
func fieldsOf(definition *ast.Definition) []*ast.FieldDefinition {
	return slices.DeleteFunc(slices.Clone(definition.Fields), func(field *ast.FieldDefinition) bool {
		return strings.HasPrefix(field.Name, "__")
	})
}

var (
	pascalCase    = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	camelCase     = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	screamingCase = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	// redundant matches prefixes and suffixes that repeat the name of the type.
	redundant = map[string]*regexp.Regexp{
		"Query": regexp.MustCompile(`^(get|query|list)[A-Z]|Query$`), "Mutation": regexp.MustCompile(`^mutation|Mutation$`),
	}
)

func misnamed(schema *ast.Schema) (problems []string) {
	check := func(coordinate, name string, form *regexp.Regexp) {
		if !form.MatchString(name) {
			problems = append(problems, coordinate+" does not follow the naming convention")
		}
	}
	for _, definition := range own(schema) {
		check(definition.Name, definition.Name, pascalCase)
		for _, value := range definition.EnumValues {
			check(definition.Name+"."+value.Name, value.Name, screamingCase)
		}
		for _, field := range fieldsOf(definition) {
			coordinate := definition.Name + "." + field.Name
			check(coordinate, field.Name, camelCase)
			for _, argument := range field.Arguments {
				check(fmt.Sprintf("%s(%s:)", coordinate, argument.Name), argument.Name, camelCase)
			}
			root := redundant[definition.Name]
			if root != nil && root.MatchString(field.Name) ||
				strings.HasPrefix(strings.ToLower(field.Name), strings.ToLower(definition.Name)) {
				problems = append(problems, coordinate+" repeats the name of its type")
			}
		}
	}
	return problems
}

// badDeprecations finds deprecations without a replacement: a name in backquotes that exists in the schema.
func badDeprecations(schema *ast.Schema) (problems []string) {
	names := map[string]bool{}
	deprecated := map[string]ast.DirectiveList{}
	note := func(coordinate, name string, directives ast.DirectiveList) {
		names[coordinate], names[name] = true, true
		deprecated[coordinate] = directives
	}
	for _, definition := range own(schema) {
		names[definition.Name] = true
		for _, value := range definition.EnumValues {
			note(definition.Name+"."+value.Name, value.Name, value.Directives)
		}
		for _, field := range fieldsOf(definition) {
			note(definition.Name+"."+field.Name, field.Name, field.Directives)
			for _, argument := range field.Arguments {
				coordinate := fmt.Sprintf("%s.%s(%s:)", definition.Name, field.Name, argument.Name)
				note(coordinate, argument.Name, argument.Directives)
			}
		}
	}
	for coordinate, directives := range deprecated {
		directive := directives.ForName("deprecated")
		if directive == nil {
			continue
		}
		reason, replacements := directive.Arguments.ForName("reason"), []string(nil)
		if reason != nil {
			replacements = codeIn(reason.Value.Raw)
		}
		if !slices.ContainsFunc(replacements, func(name string) bool { return names[name] }) {
			problems = append(problems, coordinate+" is deprecated without a reason that names its replacement")
		}
	}
	return problems
}

func unspecifiedScalars(schema *ast.Schema) (problems []string) {
	for _, definition := range own(schema) {
		specified := definition.Directives.ForName("specifiedBy")
		if definition.Kind == ast.Scalar &&
			(specified == nil || !strings.HasPrefix(specified.Arguments.ForName("url").Value.Raw, "https://")) {
			problems = append(problems, definition.Name+" lacks @specifiedBy, which defines the form of its values")
		}
	}
	return problems
}

// badOneOfs finds @oneOf inputs with a field that can't be left out.
func badOneOfs(schema *ast.Schema) (problems []string) {
	for _, definition := range own(schema) {
		for _, field := range definition.Fields {
			if definition.Directives.ForName("oneOf") != nil && (field.Type.NonNull || field.DefaultValue != nil) {
				problems = append(problems, definition.Name+"."+field.Name+" can't be left out of a @oneOf input")
			}
		}
	}
	return problems
}

// unreachable finds types that nothing refers to.
func unreachable(schema *ast.Schema) (problems []string) {
	reached := reachable(schema)
	for _, definition := range own(schema) {
		if !reached[definition.Name] {
			problems = append(problems, definition.Name+" is not reachable")
		}
	}
	return problems
}

// reachable returns the types that operations and directives can reach.
func reachable(schema *ast.Schema) map[string]bool {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		definition := schema.Types[name]
		if definition == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, other := range slices.Concat(definition.Types, definition.Interfaces) {
			visit(other)
		}
		for _, field := range definition.Fields {
			visit(field.Type.Name())
			for _, argument := range field.Arguments {
				visit(argument.Type.Name())
			}
		}
		for _, implementation := range schema.GetPossibleTypes(definition) {
			visit(implementation.Name)
		}
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root != nil {
			visit(root.Name)
		}
	}
	for _, directive := range schema.Directives {
		for _, argument := range directive.Arguments {
			visit(argument.Type.Name())
		}
	}
	return seen
}
