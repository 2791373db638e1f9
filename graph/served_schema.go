package graph

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// ServedSchema returns the schema as clients see it, which has only what the September 2025 specification defines. It omits
// the parser's @defer, because the deferred part of a response would be lost over plain HTTP, and directive definitions as
// a location of directives, which released clients don't know. It also omits Float, which nothing uses: the specification
// requires that a schema includes only the built-in scalars that it uses. The description of a field names the roles that may
// use it, because clients can't read the directives that say so.
func ServedSchema() *ast.Schema {
	schema := *NewExecutableSchema(Config{}).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	for name, directive := range schema.Directives {
		served := *directive
		served.Locations = slices.DeleteFunc(slices.Clone(directive.Locations), func(location ast.DirectiveLocation) bool {
			return location == locationDirective
		})
		schema.Directives[name] = &served
	}
	schema.Types = maps.Clone(schema.Types)
	delete(schema.Types, "Float")
	locations := *schema.Types["__DirectiveLocation"]
	locations.EnumValues = slices.DeleteFunc(slices.Clone(locations.EnumValues), func(value *ast.EnumValueDefinition) bool {
		return value.Name == string(locationDirective)
	})
	schema.Types[locations.Name] = &locations
	describeAccess(&schema)
	return &schema
}

// describeAccess adds to the description of each field who may use it. It replaces the definitions of types in the maps that refer
// to them, because the original ones are shared.
func describeAccess(schema *ast.Schema) {
	described := map[*ast.Definition]*ast.Definition{}
	for name, definition := range schema.Types {
		if !definition.IsCompositeType() || !slices.ContainsFunc(definition.Fields, restricted) {
			continue
		}
		served := *definition
		served.Fields = slices.Clone(definition.Fields)
		for i, field := range served.Fields {
			if access := accessOf(field); access != "" {
				copied := *field
				copied.Description = withSentence(field.Description, access)
				served.Fields[i] = &copied
			}
		}
		described[definition], schema.Types[name] = &served, &served
	}
	schema.PossibleTypes = replaceAll(schema.PossibleTypes, described)
	schema.Implements = replaceAll(schema.Implements, described)
	schema.Query, schema.Mutation = schema.Types[schema.Query.Name], schema.Types[schema.Mutation.Name]
	schema.Subscription = schema.Types[schema.Subscription.Name]
}

// withSentence adds a sentence to the first paragraph of a description, which is all that lists of fields show.
func withSentence(description, sentence string) string {
	first, rest, more := strings.Cut(description, "\n\n")
	if more {
		return first + "\n" + sentence + "\n\n" + rest
	}
	return first + "\n" + sentence
}

func restricted(field *ast.FieldDefinition) bool { return accessOf(field) != "" }

// accessOf says who may use a field, or returns "" if that follows from the object that it belongs to.
func accessOf(field *ast.FieldDefinition) string {
	if field.Directives.ForName("public") != nil {
		return "Roles: any, even without logging in."
	}
	directive := field.Directives.ForName("hasRole")
	if directive == nil {
		return ""
	}
	var roles []string
	for _, role := range directive.Arguments.ForName("any").Value.Children {
		roles = append(roles, "`"+role.Value.Raw+"`")
	}
	access := "Roles: " + strings.Join(roles, ", ") + "."
	if keys := directive.Arguments.ForName("keys"); keys != nil && keys.Value.Raw == "false" {
		access += " Not with an API key."
	}
	return access
}

// replaceAll returns a copy of lists of types in which some are replaced.
func replaceAll(lists map[string][]*ast.Definition, by map[*ast.Definition]*ast.Definition) map[string][]*ast.Definition {
	replaced := make(map[string][]*ast.Definition, len(lists))
	for name, list := range lists {
		list = slices.Clone(list)
		for i, definition := range list {
			if served := by[definition]; served != nil {
				list[i] = served
			}
		}
		replaced[name] = list
	}
	return replaced
}

// locationDirective is a location that a draft of the specification adds.
const locationDirective ast.DirectiveLocation = "DIRECTIVE_DEFINITION"
