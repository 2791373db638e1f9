package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"crm/graph/apierror"
)

const (
	// maxSuggestions is the maximum number of errors, and maxSuggestionSource the maximum length of a document, for which
	// the errors get suggestions: comparing names takes time.
	maxSuggestions      = 10
	maxSuggestionSource = 4 << 10
)

// validator checks documents against the schema.
type validator struct {
	schema *ast.Schema
	limits Limits
	// silent and suggesting are the rules without and with suggestions. With introspection off, suggesting is nil, because
	// suggestions would reveal the schema name by name.
	silent, suggesting []core.Rule
}

func newValidator(schema *ast.Schema, limits Limits, introspection bool) *validator {
	v := &validator{schema: schema, limits: limits}
	extra := []core.Rule{v.literals(), singleRootField()}
	if introspection {
		v.suggesting = append(specifiedRules(true), extra...)
	} else {
		extra = append(extra, noIntrospection())
	}
	v.silent = append(specifiedRules(false), extra...)
	return v
}

// specifiedRules returns the GraphQL specification's rules, in the order of their names.
func specifiedRules(suggesting bool) []core.Rule {
	set := rules.NewDefaultRules()
	if !suggesting {
		for _, rule := range []core.Rule{
			rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRuleWithoutSuggestions, rules.ScalarLeafsRuleWithoutSuggestions,
			rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
		} {
			set.RemoveRule(strings.TrimSuffix(rule.Name, "WithoutSuggestions"))
			set.AddRule(rule.Name, rule.RuleFunc)
		}
	}
	var list []core.Rule
	for name, check := range set.GetInner() {
		if strings.HasPrefix(name, rules.ValuesOfCorrectTypeRule.Name) {
			check = namingNull(check)
		}
		list = append(list, core.Rule{Name: name, RuleFunc: check})
	}
	slices.SortFunc(list, func(a, b core.Rule) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// validate returns the errors of the document.
func (v *validator) validate(doc *ast.QueryDocument, source string) gqlerror.List {
	errs := v.run(doc, v.silent)
	if n := len(errs); v.suggesting != nil && n > 0 && n <= maxSuggestions && len(source) <= maxSuggestionSource {
		errs = v.run(doc, v.suggesting)
	}
	for _, err := range errs {
		err.Message = shortenMessage(err.Message)
		if apierror.CodeOf(err) == "" {
			err.Extensions = map[string]any{"code": string(apierror.ValidationFailed)}
		}
	}
	return errs
}

// enoughErrors is the panic that stops a validation early.
type enoughErrors struct{}

// run applies the rules. It stops at maxProblems errors, and omits errors that a rule finds a second time when it walks a
// fragment separately.
func (v *validator) run(doc *ast.QueryDocument, rules []core.Rule) (errs gqlerror.List) {
	defer func() {
		if cause := recover(); cause != nil && cause != (enoughErrors{}) {
			panic(cause)
		}
	}()
	seen := map[string]bool{}
	observers := new(core.Events)
	typeName := &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}
	observers.OnField(func(_ *core.Walker, field *ast.Field) {
		if field.Name == typeName.Name {
			field.Definition = typeName // the parser takes it to be nullable, which matters where fields overlap
		}
	})
	for _, rule := range rules {
		rule.RuleFunc(observers, func(options ...core.ErrorOption) {
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			if key := fmt.Sprint(err.Message, err.Locations); !seen[key] {
				seen[key] = true
				errs = append(errs, err)
			}
			if len(errs) == maxProblems {
				panic(enoughErrors{})
			}
		})
	}
	core.Walk(v.schema, doc, observers)
	return errs
}

// nonNullVariables returns the variables of a valid document that are used where null is not allowed.
func (v *validator) nonNullVariables(doc *ast.QueryDocument) map[*ast.VariableDefinition]bool {
	found := map[*ast.VariableDefinition]bool{}
	observers := new(core.Events)
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.VariableDefinition != nil && value.ExpectedType != nil && value.ExpectedType.NonNull {
			found[value.VariableDefinition] = true
		}
	})
	core.Walk(v.schema, doc, observers)
	return found
}

// literals is the rule that checks literals of custom scalars and the range of integers.
func (v *validator) literals() core.Rule {
	return core.Rule{Name: "Literals", RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		report := func(path string, value *ast.Value) {
			checker := inputChecker{schema: v.schema, maxDepth: v.limits.Depth}
			checker.literal(path, value)
			if err := checker.problems.Err(); err != nil {
				addError(badInput(err), core.At(value.Position))
			}
		}
		observers.OnField(func(walker *core.Walker, field *ast.Field) {
			if walker.CurrentOperation == nil {
				return
			}
			for _, argument := range field.Arguments {
				report(argument.Name, argument.Value)
			}
		})
		observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
			for _, variable := range operation.VariableDefinitions {
				if variable.DefaultValue != nil {
					report(variable.Variable, variable.DefaultValue)
				}
			}
		})
	}}
}

func badInput(err error) core.ErrorOption {
	return func(target *gqlerror.Error) {
		presented := apierror.FromError(err)
		target.Message, target.Extensions = presented.Message, presented.Extensions
	}
}

// noIntrospection is the rule that refuses __schema and __type.
func noIntrospection() core.Rule {
	return core.Rule{Name: "NoIntrospection", RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnField(func(_ *core.Walker, field *ast.Field) {
			if field.Name == "__schema" || field.Name == "__type" {
				addError(core.Message("Introspection is off: cannot query field %q.", field.Name), core.At(field.Position))
			}
		})
	}}
}

// shortenMessage bounds the length of a message that repeats a client's names.
func shortenMessage(message string) string {
	const maxLength = 500
	if len(message) <= maxLength {
		return message
	}
	return strings.ToValidUTF8(message[:maxLength], "") + "…"
}
