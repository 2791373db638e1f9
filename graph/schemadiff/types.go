package schemadiff

import "github.com/vektah/gqlparser/v2/ast"

// kinds names the kinds of types in messages.
var kinds = map[ast.DefinitionKind]string{
	ast.Scalar: "a scalar", ast.Object: "an object type", ast.Interface: "an interface", ast.Union: "a union",
	ast.Enum: "an enum", ast.InputObject: "an input object",
}

func (c *comparison) types() {
	for name, older := range c.older.Types {
		newer := c.newer.Types[name]
		switch {
		case older.BuiltIn:
		case newer == nil:
			c.add(name, "the type was removed")
		case older.Kind != newer.Kind:
			c.add(name, "it changed from %s to %s", kinds[older.Kind], kinds[newer.Kind])
		case older.Kind == ast.InputObject:
			c.inputObject(older, newer)
		default:
			c.output(older, newer)
		}
	}
}

// output compares two types of the same kind, except input objects.
func (c *comparison) output(older, newer *ast.Definition) {
	for _, name := range missing(older.Types, newer.Types) {
		c.add(older.Name, "%s is no longer in the union", name)
	}
	for _, name := range missing(older.Interfaces, newer.Interfaces) {
		c.add(older.Name, "it no longer implements %s", name)
	}
	for _, value := range older.EnumValues {
		if newer.EnumValues.ForName(value.Name) == nil {
			c.removed(older.Name+"."+value.Name, "value", value.Directives)
		}
	}
	for _, field := range older.Fields {
		c.field(older.Name+"."+field.Name, field, newer.Fields.ForName(field.Name))
	}
}

func (c *comparison) field(coordinate string, older, newer *ast.FieldDefinition) {
	if newer == nil {
		c.removed(coordinate, "field", older.Directives)
		return
	}
	if !outputFits(older.Type, newer.Type) {
		c.add(coordinate, "the type changed from %s to %s", older.Type, newer.Type)
	}
	c.arguments(coordinate, older.Arguments, newer.Arguments)
}

// outputFits reports whether a client that reads values of the older type can read values of the newer.
func outputFits(older, newer *ast.Type) bool {
	if older.NonNull && !newer.NonNull {
		return false
	}
	return elementsFit(older, newer, outputFits)
}

// inputFits reports whether values of the older type are valid for the newer.
func inputFits(older, newer *ast.Type) bool {
	if newer.NonNull && !older.NonNull {
		return false
	}
	return elementsFit(older, newer, inputFits)
}

// elementsFit compares the element types of two lists, or the names of two other types.
func elementsFit(older, newer *ast.Type, fit func(older, newer *ast.Type) bool) bool {
	if older.Elem != nil && newer.Elem != nil {
		return fit(older.Elem, newer.Elem)
	}
	return older.Elem == nil && newer.Elem == nil && older.NamedType == newer.NamedType
}
