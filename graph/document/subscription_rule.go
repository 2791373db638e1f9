package document

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// singleRootField is the part of the September 2025 specification's rule Single Root Field that the parser's rule lacks: a
// subscription must not select its root field conditionally, nor the same field twice under two names.
func singleRootField() core.Rule {
	return core.Rule{Name: "SingleRootField", RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
			if operation.Operation == ast.Subscription {
				collector := rootCollector{addError: addError, visited: make(map[string]bool)}
				collector.collect(operation.SelectionSet)
			}
		})
	}}
}

// rootCollector collects the root fields of a subscription.
type rootCollector struct {
	addError core.AddErrFunc
	visited  map[string]bool
	first    *ast.Field
}

func (c *rootCollector) collect(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			c.refuseConditions(s.Directives)
			if c.first == nil {
				c.first = s
			}
			if s.Name == c.first.Name && s.Alias != c.first.Alias { // another name is an error of the parser's rule
				c.addError(core.Message("A subscription must select only one top level field, under one name."), core.At(s.Position))
			}
		case *ast.InlineFragment:
			c.refuseConditions(s.Directives)
			c.collect(s.SelectionSet)
		case *ast.FragmentSpread:
			c.refuseConditions(s.Directives)
			if s.Definition != nil && !c.visited[s.Name] {
				c.visited[s.Name] = true
				c.collect(s.Definition.SelectionSet)
			}
		}
	}
}

func (c *rootCollector) refuseConditions(directives ast.DirectiveList) {
	for _, directive := range directives {
		if directive.Name == "skip" || directive.Name == "include" {
			c.addError(core.Message("A subscription must not use @%s at the top level.", directive.Name), core.At(directive.Position))
		}
	}
}
