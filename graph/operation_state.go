package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"crm/graph/document"
)

// operationState is this package's state of one operation, stored in the operation's statistics.
type operationState struct {
	document   *document.Document
	complexity int
	// answered says that a query whose response is kept has had its only one.
	answered bool
	// answer counts the response that is being rendered; nil between the responses of a subscription.
	answer *answerStats
}

// stateExtension is the name of the state in an operation's statistics.
const stateExtension = "state"

// stateOf returns the state of the operation in ctx, or an empty one if there is none or the operation was refused.
func stateOf(ctx context.Context) *operationState {
	if graphql.HasOperationContext(ctx) {
		if state, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(stateExtension).(*operationState); ok {
			return state
		}
	}
	return new(operationState)
}

// SelectedFields returns the names of all fields that the document of the operation in ctx selects on a type. The store
// needs to read no others.
func SelectedFields(ctx context.Context, typeName string) []string {
	doc := stateOf(ctx).document
	if doc == nil {
		return nil
	}
	return doc.SelectedFields(typeName)
}
