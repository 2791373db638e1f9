package resolvers_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db"
	"crm/db/entity"
)

// The values of literals that JSON lacks.
type (
	enumValue   string
	variableUse string
	objectValue []memberValue
	memberValue struct {
		name  string
		value any
	}
)

// literalText returns a value as a GraphQL literal.
func literalText(value any) string {
	switch value := value.(type) {
	case enumValue:
		return string(value)
	case variableUse:
		return "$" + string(value)
	case objectValue:
		parts := make([]string, len(value))
		for i, member := range value {
			parts[i] = member.name + ": " + literalText(member.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(value))
		for i, element := range value {
			parts[i] = literalText(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// MarshalJSON writes an object for the request's variables.
func (o objectValue) MarshalJSON() ([]byte, error) {
	object := make(map[string]any, len(o))
	for _, member := range o {
		object[member.name] = member.value
	}
	return json.Marshal(object)
}

// slot is a position of a value: its name, and the kind of its ids, if known.
type slot struct {
	name string
	kind entity.Kind
	typ  *ast.Type
	// inVariable means that the value is in a variable, which contains no other variables.
	inVariable bool
	// neverNull means that not even a variable's type may be nullable, as in a @oneOf input.
	neverNull bool
	depth     int
}

// at returns the slot of a field of an input object.
func (s slot) at(field *ast.FieldDefinition) slot {
	s.name, s.typ = field.Name, field.Type
	s.depth++
	if kind, ok := kindsOfFields[field.Name]; ok {
		s.kind = kind
	}
	if kind, ok := kindsOfTypes[strings.TrimSuffix(field.Type.Name(), "Where")]; ok {
		s.kind = kind
	}
	return s
}

// kindsOfFields and kindsOfTypes map input fields and types to the kinds of their ids.
var kindsOfFields, kindsOfTypes = declaredKinds()

func declaredKinds() (fields, types map[string]entity.Kind) {
	fields, types = make(map[string]entity.Kind), make(map[string]entity.Kind)
	for _, def := range db.Catalog().All() {
		types[def.TypeName] = def.Kind
		for _, reference := range def.References {
			fields[entity.CamelCase(reference.Field)] = db.Catalog().ByType(reference.Owner).Kind
		}
	}
	return fields, types
}

// kindNamed returns the kind with the longest type name that a name contains: "createTicket", "CustomerNoteConnection".
func kindNamed(name string) entity.Kind {
	longest := ""
	for typeName := range kindsOfTypes {
		if strings.Contains(name, typeName) && len(typeName) > len(longest) {
			longest = typeName
		}
	}
	return kindsOfTypes[longest]
}

// value returns a value for a slot: in a variable, or as a literal that may contain variables.
func (g *generator) value(s slot) any {
	if !s.inVariable && g.chance(25) {
		return g.variable(s)
	}
	if !s.typ.NonNull && g.chance(2) {
		return nil
	}
	if s.typ.Elem == nil {
		return g.single(s)
	}
	s.typ = s.typ.Elem
	if g.chance(10) {
		// A single value counts as a list of one.
		return g.single(s)
	}
	length := g.rnd.IntN(4)
	if strings.HasSuffix(s.typ.Name(), "Order") {
		length /= 2 // many keys are likely to contain duplicates
	}
	list := make([]any, length)
	for i := range list {
		list[i] = g.value(s)
	}
	return list
}

// single returns a value that is not a list.
func (g *generator) single(s slot) any {
	definition := servedTypes.Types[s.typ.Name()]
	switch {
	case definition.Kind == ast.Enum:
		return g.enum(definition)
	case definition.Kind == ast.InputObject:
		return g.object(s, definition)
	case definition.Name == "Int":
		return g.integer(s)
	case definition.Name == "Boolean":
		return g.chance(50)
	case definition.Name == "DateTime":
		return g.moment()
	case definition.Name == "ID":
		return g.id(s)
	case s.name == "after" || s.name == "before":
		return g.cursor(s)
	}
	return g.text(s)
}

// oneField returns a @oneOf input object.
func (g *generator) oneField(s slot, definition *ast.Definition) objectValue {
	field := oneOf(g, definition.Fields)
	s = s.at(field)
	s.typ, s.neverNull = ast.NonNullNamedType(field.Type.Name(), nil), true
	return objectValue{{field.Name, g.value(s)}}
}

// object returns an input object: all required fields, and a few of the others.
func (g *generator) object(s slot, definition *ast.Definition) objectValue {
	if definition.Directives.ForName("oneOf") != nil {
		return g.oneField(s, definition)
	}
	wanted := g.rnd.IntN(3)
	switch {
	case s.depth > 3:
		wanted = 0
	case s.depth == 0 && g.isMutation:
		wanted = g.rnd.IntN(5)
	}
	object := objectValue{}
	for _, i := range g.rnd.Perm(len(definition.Fields)) {
		field := definition.Fields[i]
		isRequired := field.Type.NonNull && field.DefaultValue == nil
		if !isRequired && (wanted == 0 || g.isMutation && field.Name == "updatedAt") {
			continue
		}
		if !isRequired {
			wanted--
		}
		value, isFixed := fixedValue(definition, field)
		if !isFixed {
			value = g.value(s.at(field))
		}
		object = append(object, memberValue{field.Name, value})
	}
	slices.SortFunc(object, func(a, b memberValue) int { return strings.Compare(a.name, b.name) })
	return object
}
