package schemadiff

import "github.com/vektah/gqlparser/v2/ast"

// kinds is what the kinds of types are called.
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
			c.add(name, "the type is gone")
		case older.Kind != newer.Kind:
			c.add(name, "it was %s and is %s", kinds[older.Kind], kinds[newer.Kind])
		case older.Kind == ast.InputObject:
			c.inputObject(older, newer)
		default:
			c.output(older, newer)
		}
	}
}

// output compares types of one kind that are no input objects; each kind has but some of what is compared.
func (c *comparison) output(older, newer *ast.Definition) {
	for _, name := range missing(older.Types, newer.Types) {
		c.add(older.Name, "%s is no longer in the union", name)
	}
	for _, name := range missing(older.Interfaces, newer.Interfaces) {
		c.add(older.Name, "it no longer implements %s", name)
	}
	for _, value := range older.EnumValues {
		if newer.EnumValues.ForName(value.Name) == nil {
			c.gone(older.Name+"."+value.Name, "value", value.Directives)
		}
	}
	for _, field := range older.Fields {
		c.field(older.Name+"."+field.Name, field, newer.Fields.ForName(field.Name))
	}
}

func (c *comparison) field(coordinate string, older, newer *ast.FieldDefinition) {
	if newer == nil {
		c.gone(coordinate, "field", older.Directives)
		return
	}
	if !outputFits(older.Type, newer.Type) {
		c.add(coordinate, "the type was %s and is %s", older.Type, newer.Type)
	}
	c.arguments(coordinate, older.Arguments, newer.Arguments)
}

// outputFits reports whether a client that reads values of the older type can read those of the newer.
func outputFits(older, newer *ast.Type) bool {
	if older.NonNull && !newer.NonNull {
		return false
	}
	return elementsFit(older, newer, outputFits)
}

// inputFits reports whether values of the older type may be given where the newer is expected.
func inputFits(older, newer *ast.Type) bool {
	if newer.NonNull && !older.NonNull {
		return false
	}
	return elementsFit(older, newer, inputFits)
}

// elementsFit compares what two types are lists of, or their names where they are none.
func elementsFit(older, newer *ast.Type, fit func(older, newer *ast.Type) bool) bool {
	if older.Elem != nil && newer.Elem != nil {
		return fit(older.Elem, newer.Elem)
	}
	return older.Elem == nil && newer.Elem == nil && older.NamedType == newer.NamedType
}
