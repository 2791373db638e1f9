package resolvers_test

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// argumentsOf writes a field's arguments, sometimes those of an earlier selection.
func (g *generator) argumentsOf(on *ast.Definition, field *ast.FieldDefinition) string {
	if len(field.Arguments) == 0 {
		return ""
	}
	place := on.Name + "." + field.Name
	if known := g.arguments[place]; len(known) > 0 && g.chance(50) {
		return oneOf(g, known)
	}
	var parts []string
	backward := g.chance(8)
	for _, argument := range field.Arguments {
		if !g.chance(oftenGiven(argument, backward)) {
			continue
		}
		s := slot{name: argument.Name, kind: kindNamed(field.Type.Name()), typ: argument.Type}
		if on == servedTypes.Mutation {
			s.kind = kindNamed(field.Name)
		}
		parts = append(parts, argument.Name+": "+literalText(g.value(s)))
	}
	g.rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	text := ""
	if len(parts) > 0 {
		text = "(" + strings.Join(parts, ", ") + ")"
	}
	g.arguments[place] = append(g.arguments[place], text)
	return text
}

// oftenGiven returns the percentage of cases in which an argument is given.
func oftenGiven(argument *ast.ArgumentDefinition, backward bool) int {
	switch {
	case argument.Type.NonNull:
		return 100
	case argument.Name == "first" && !backward, argument.Name == "last" && backward:
		return 85
	case argument.Name == "after" && !backward, argument.Name == "before" && backward:
		return 10
	case argument.Name == "where" || argument.Name == "orderBy":
		return 22
	case argument.Name == "includeDeprecated":
		return 50
	}
	return 1 // forward and backward arguments exclude each other
}

// variable declares a variable for a slot, with and without a default and a value.
func (g *generator) variable(s slot) variableUse {
	s.inVariable = true
	typ, value := s.typ.String(), g.value(s)
	hasDefault := g.chance(25)
	switch {
	case s.typ.NonNull && hasDefault && !s.neverNull && g.chance(50):
		typ = strings.TrimSuffix(typ, "!") // a default allows a nullable type
	case !s.typ.NonNull && !hasDefault && value != nil && g.chance(30):
		typ += "!"
	}
	isOptional := hasDefault || !strings.HasSuffix(typ, "!")
	if hasDefault {
		inDefault := s
		inDefault.typ = &ast.Type{NamedType: s.typ.NamedType, Elem: s.typ.Elem, NonNull: true}
		typ += " = " + literalText(g.value(inDefault))
	}
	return variableUse(g.declare(typ, value, !isOptional || g.chance(75)))
}

// declare declares a variable and gives it a value.
func (g *generator) declare(typ string, value any, isGiven bool) string {
	name := fmt.Sprintf("v%d", len(g.declared))
	g.declared = append(g.declared, "$"+name+": "+typ)
	if isGiven {
		g.values[name] = value
	}
	return name
}
