package document

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// isOneOf reports whether the type is an input object with @oneOf. The validation rules check literals; this file checks
// variables.
func isOneOf(definition *ast.Definition) bool {
	return definition != nil && definition.Kind == ast.InputObject && definition.Directives.ForName("oneOf") != nil
}

// oneOf checks that a value in the variables has exactly one field, which is not null. A field that is null counts too, as
// the specification requires: a client that sends two fields would not get what it expects.
func (c *inputChecker) oneOf(path string, definition *ast.Definition, object map[string]any) {
	if !isOneOf(definition) {
		return
	}
	if len(object) != 1 {
		c.add(path, "must have exactly one %s, not %d", c.oneField(definition), len(object))
		return
	}
	for name, value := range object {
		if value == nil && definition.Fields.ForName(name) != nil {
			c.add(path+"."+name, "must not be null")
		}
	}
}

// oneField describes the fields, and names them only if clients may read the schema.
func (c *inputChecker) oneField(definition *ast.Definition) string {
	if !c.namesValues {
		return "field"
	}
	names := make([]string, len(definition.Fields))
	for i, field := range definition.Fields {
		names[i] = field.Name
	}
	return "of the fields " + strings.Join(names, ", ")
}

// namingNull corrects the rule ValuesOfCorrectType, whose message for a null field in a @oneOf input always names the
// type's first field.
func namingNull(rule core.RuleFunc) core.RuleFunc {
	const message = `Field "%s.%s" must be non-null.`
	return func(observers *core.Events, addError core.AddErrFunc) {
		var wrong, right string
		observers.OnValue(func(_ *core.Walker, value *ast.Value) {
			wrong, right = "", ""
			if value.Kind == ast.ObjectValue && isOneOf(value.Definition) && len(value.Children) == 1 {
				wrong = fmt.Sprintf(message, value.Definition.Name, value.Definition.Fields[0].Name)
				right = fmt.Sprintf(message, value.Definition.Name, value.Children[0].Name)
			}
		})
		rule(observers, func(options ...core.ErrorOption) {
			addError(append(options, func(err *gqlerror.Error) {
				if err.Message == wrong {
					err.Message = right
				}
			})...)
		})
	}
}
