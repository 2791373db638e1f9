package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/graph/document"
)

// rootPlan is the plan of a root field's value; its selection is nil if the fast path can't render it.
type rootPlan struct {
	selection *selection
	// calls is the number of fields with resolvers.
	calls int
}

// planKey identifies a plan in a document. Operations may share a field by a fragment, but select different things on it.
type planKey struct {
	operation *ast.OperationDefinition
	field     *ast.Field
	// included is what @skip and @include decide.
	included string
}

// planOf returns the plan of a root field's value, from an earlier operation with the same document if possible.
func planOf(doc *document.Document, operation *graphql.OperationContext, field graphql.CollectedField) *rootPlan {
	key := planKey{operation: operation.Operation, field: field.Field, included: doc.Included(operation.Variables)}
	if known, ok := doc.Derived(key); ok {
		return known.(*rootPlan)
	}
	p := &planner{operation: operation}
	plan := &rootPlan{selection: p.planRoot(field.Definition.Type.Name(), field.Selections)}
	plan.calls = p.calls
	doc.KeepDerived(key, plan, 1+p.fields)
	return plan
}
