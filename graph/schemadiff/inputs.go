package schemadiff

import "github.com/vektah/gqlparser/v2/ast"

// input is an argument or an input object's field.
type input struct {
	// coordinate locates it, noun names its kind in messages.
	coordinate, noun string
	typ              *ast.Type
	defaultValue     *ast.Value
	directives       ast.DirectiveList
}

func (i input) isRequired() bool { return i.typ.NonNull && i.defaultValue == nil }

func (c *comparison) inputObject(older, newer *ast.Definition) {
	if older.Directives.ForName("oneOf") == nil && newer.Directives.ForName("oneOf") != nil {
		c.add(older.Name, "it is now @oneOf: exactly one of its fields must be given")
	}
	c.inputs(inputFields(older), inputFields(newer))
}

// arguments compares the arguments of a field or of a directive.
func (c *comparison) arguments(coordinate string, older, newer ast.ArgumentDefinitionList) {
	c.inputs(arguments(coordinate, older), arguments(coordinate, newer))
}

func inputFields(definition *ast.Definition) []input {
	fields := make([]input, len(definition.Fields))
	for i, field := range definition.Fields {
		fields[i] = input{
			coordinate: definition.Name + "." + field.Name, noun: "input field",
			typ: field.Type, defaultValue: field.DefaultValue, directives: field.Directives,
		}
	}
	return fields
}

func arguments(coordinate string, list ast.ArgumentDefinitionList) []input {
	inputs := make([]input, len(list))
	for i, argument := range list {
		inputs[i] = input{
			coordinate: coordinate + "(" + argument.Name + ":)", noun: "argument",
			typ: argument.Type, defaultValue: argument.DefaultValue, directives: argument.Directives,
		}
	}
	return inputs
}

func (c *comparison) inputs(older, newer []input) {
	left := make(map[string]input, len(newer))
	for _, one := range newer {
		left[one.coordinate] = one
	}
	for _, one := range older {
		if now, ok := left[one.coordinate]; ok {
			c.input(one, now)
		} else {
			c.removedInput(one)
		}
		delete(left, one.coordinate)
	}
	for _, added := range left {
		if added.isRequired() {
			c.add(added.coordinate, "a required %s was added", added.noun)
		}
	}
}

// removedInput reports a removed input. The GraphQL specification doesn't allow deprecating a required one.
func (c *comparison) removedInput(older input) {
	if older.isRequired() {
		c.add(older.coordinate, "the %s was removed", older.noun)
		return
	}
	c.removed(older.coordinate, older.noun, older.directives)
}

func (c *comparison) input(older, newer input) {
	if !inputFits(older.typ, newer.typ) {
		c.add(older.coordinate, "the type changed from %s to %s", older.typ, newer.typ)
		return
	}
	switch {
	case older.defaultValue == nil:
	case newer.defaultValue == nil:
		c.add(older.coordinate, "the default %s was removed", older.defaultValue)
	case older.defaultValue.String() != newer.defaultValue.String():
		c.add(older.coordinate, "the default changed from %s to %s", older.defaultValue, newer.defaultValue)
	}
}
