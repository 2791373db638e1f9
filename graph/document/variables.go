package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/scalar"
)

// maxProblems is the maximum number of problems in one response.
const maxProblems = 100

// inputChecker finds all problems of input values; gqlgen would stop at the first one and accept some wrong types.
type inputChecker struct {
	schema *ast.Schema
	// namesValues says whether problems may name the allowed values, which reveals parts of the schema.
	namesValues bool
	maxDepth    int
	problems    store.Problems
	tooDeep     int
}

// checkVariables returns the problems of the variables of a valid operation. nonNull contains those that must not be
// null, whatever their type is.
func (c *inputChecker) checkVariables(
	operation *ast.OperationDefinition, variables map[string]any, nonNull map[*ast.VariableDefinition]bool,
) error {
	for _, definition := range operation.VariableDefinitions {
		value, given := variables[definition.Variable]
		switch {
		case given && value == nil && nonNull[definition]:
			c.add(definition.Variable, "must not be null")
		case given:
			c.value(definition.Variable, definition.Type, value, 0)
		case definition.Type.NonNull && definition.DefaultValue == nil:
			c.add(definition.Variable, "is required")
		}
	}
	if err := check("the depth of the variables", c.tooDeep, c.maxDepth); err != nil {
		return err
	}
	return c.problems.Err()
}

func (c *inputChecker) add(path, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems.Add(path, format, args...)
	}
}

func (c *inputChecker) value(path string, typ *ast.Type, value any, depth int) {
	if depth > c.maxDepth {
		c.tooDeep = depth
		return
	}
	if value == nil {
		if typ.NonNull {
			c.add(path, "must not be null")
		}
		return
	}
	if typ.Elem != nil {
		c.list(path, typ.Elem, value, depth)
		return
	}
	definition := c.schema.Types[typ.NamedType]
	switch definition.Kind {
	case ast.InputObject:
		c.object(path, definition, value, depth)
	case ast.Enum:
		c.enum(path, definition, value)
	default:
		if problem := scalar.Problem(definition.Name, value); problem != "" {
			c.add(path, "%s", problem)
		}
	}
}

// list checks a list's elements; a single value counts as a list of one, as the GraphQL specification requires.
func (c *inputChecker) list(path string, element *ast.Type, value any, depth int) {
	elements, ok := value.([]any)
	if !ok {
		c.value(path, element, value, depth+1)
		return
	}
	for i, item := range elements {
		if len(c.problems) == maxProblems {
			return
		}
		c.value(path+"."+strconv.Itoa(i), element, item, depth+1)
	}
}

func (c *inputChecker) object(path string, definition *ast.Definition, value any, depth int) {
	object, ok := value.(map[string]any)
	if !ok {
		c.add(path, "must be an object of type %s", definition.Name)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if definition.Fields.ForName(name) == nil {
			c.add(path+"."+apierror.Shorten(name), "is not a field of %s", definition.Name)
		}
	}
	c.oneOf(path, definition, object)
	for _, field := range definition.Fields {
		fieldValue, given := object[field.Name]
		switch {
		case given:
			c.value(path+"."+field.Name, field.Type, fieldValue, depth+1)
		case field.Type.NonNull && field.DefaultValue == nil:
			c.add(path+"."+field.Name, "is required")
		}
	}
}

func (c *inputChecker) enum(path string, definition *ast.Definition, value any) {
	name, ok := value.(string)
	if ok && definition.EnumValues.ForName(name) != nil {
		return
	}
	if !c.namesValues {
		c.add(path, "is not a value of %s", definition.Name)
		return
	}
	names := make([]string, len(definition.EnumValues))
	for i, enumValue := range definition.EnumValues {
		names[i] = enumValue.Name
	}
	c.add(path, "must be one of %s", strings.Join(names, ", "))
}

// literal checks the parts of a literal that the validation rules leave unchecked: custom scalars, and the range of
// integers.
func (c *inputChecker) literal(path string, value *ast.Value) {
	switch value.Kind {
	case ast.Variable, ast.NullValue:
		return
	case ast.ListValue:
		if value.ExpectedType != nil && value.ExpectedType.Elem == nil {
			break
		}
		for i, child := range value.Children {
			c.literal(path+"."+strconv.Itoa(i), child.Value)
		}
		return
	case ast.ObjectValue:
		if value.Definition != nil && value.Definition.Kind != ast.InputObject {
			break
		}
		for _, child := range value.Children {
			c.literal(path+"."+child.Name, child.Value)
		}
		return
	}
	if value.Definition == nil || value.Definition.Kind != ast.Scalar {
		return
	}
	isOwn := !value.Definition.OneOf("Int", "Float", "String", "Boolean", "ID")
	if !isOwn && (value.Definition.Name != "Int" || value.Kind != ast.IntValue) {
		return
	}
	if problem := scalar.Problem(value.Definition.Name, literalAsJSON(value)); problem != "" {
		c.add(path, "%s", problem)
	}
}

// literalAsJSON returns the literal as it would be in a variable; enum values have no such form.
func literalAsJSON(value *ast.Value) any {
	switch value.Kind {
	case ast.IntValue, ast.FloatValue:
		return json.Number(value.Raw)
	case ast.StringValue, ast.BlockValue:
		return value.Raw
	case ast.BooleanValue:
		return value.Raw == "true"
	}
	return fmt.Errorf("no JSON for a value of kind %d", value.Kind)
}
