package graph

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/graph/document"
	"crm/graph/transport"
)

// sharingKey is what the response to a change depends on besides the change itself.
type sharingKey struct {
	document *document.Document
	// operation is the name of the operation in the document, variables are those that the selection on the change depends
	// on, as JSON.
	operation, variables string
	scope                auth.Scope
	cost                 string
}

// SharingKey returns a key of the subscription in ctx: subscriptions with equal keys respond to the same change in the same
// way. The arguments of the subscription's field are not part of it, because they only select the changes.
func SharingKey(ctx context.Context) any {
	doc := stateOf(ctx).document
	if doc == nil {
		return new(byte) // equal to no other
	}
	operation := graphql.GetOperationContext(ctx)
	names := make(map[string]bool)
	for _, selection := range operation.Operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok {
			addVariables(names, field.SelectionSet)
			addDirectiveVariables(names, field.Directives)
			continue
		}
		addVariables(names, ast.SelectionSet{selection})
	}
	used := maps.Clone(operation.Variables)
	maps.DeleteFunc(used, func(name string, _ any) bool { return !names[name] })
	variables, err := json.Marshal(used)
	if err != nil {
		return new(byte)
	}
	return sharingKey{
		document: doc, operation: operation.OperationName, variables: string(variables), scope: auth.ScopeFrom(ctx),
		cost: operation.Headers.Get(transport.CostHeader),
	}
}

// addVariables adds the names of the variables that a selection depends on.
func addVariables(names map[string]bool, set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			addArgumentVariables(names, selection.Arguments)
			addDirectiveVariables(names, selection.Directives)
			addVariables(names, selection.SelectionSet)
		case *ast.InlineFragment:
			addDirectiveVariables(names, selection.Directives)
			addVariables(names, selection.SelectionSet)
		case *ast.FragmentSpread:
			addDirectiveVariables(names, selection.Directives)
			addVariables(names, selection.Definition.SelectionSet)
		}
	}
}

func addDirectiveVariables(names map[string]bool, directives ast.DirectiveList) {
	for _, directive := range directives {
		addArgumentVariables(names, directive.Arguments)
	}
}

func addArgumentVariables(names map[string]bool, arguments ast.ArgumentList) {
	for _, argument := range arguments {
		addValueVariables(names, argument.Value)
	}
}

func addValueVariables(names map[string]bool, value *ast.Value) {
	if value == nil {
		return
	}
	if value.Kind == ast.Variable {
		names[value.Raw] = true
	}
	for _, child := range value.Children {
		addValueVariables(names, child.Value)
	}
}
