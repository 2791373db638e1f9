package graph

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// ServedSchema returns the schema as clients see it, which has only what the September 2025 specification defines. It omits
// the parser's @defer, because the deferred part of a response would be lost over plain HTTP, and directive definitions as
// a location of directives, which released clients don't know. It also omits Float, which nothing uses: the specification
// requires that a schema includes only the built-in scalars that it uses.
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
	return &schema
}

// locationDirective is a location that a draft of the specification adds.
const locationDirective ast.DirectiveLocation = "DIRECTIVE_DEFINITION"
