package schemadiff

import "github.com/vektah/gqlparser/v2/ast"

func (c *comparison) directives() {
	for name, older := range c.older.Directives {
		newer, coordinate := c.newer.Directives[name], "@"+name
		switch {
		case older.Position != nil && older.Position.Src.BuiltIn:
		case newer == nil:
			c.add(coordinate, "the directive was removed")
		default:
			c.directive(coordinate, older, newer)
		}
	}
}

func (c *comparison) directive(coordinate string, older, newer *ast.DirectiveDefinition) {
	if older.IsRepeatable && !newer.IsRepeatable {
		c.add(coordinate, "it is no longer repeatable")
	}
	for _, location := range missing(older.Locations, newer.Locations) {
		c.add(coordinate, "it is no longer allowed on %s", location)
	}
	c.arguments(coordinate, older.Arguments, newer.Arguments)
}
