package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"crm/graph/document"
)

// operationState is what this package keeps of one operation, among the operation's statistics.
type operationState struct {
	document   *document.Document
	complexity int
	// answer is how large the response that is being made has become; nil between the responses of a subscription.
	answer *answerStats
}

// stateExtension is under what name an operation's statistics have its state.
const stateExtension = "state"

// stateOf returns the state of the operation in ctx; an empty one if there is none, or it was refused before.
func stateOf(ctx context.Context) *operationState {
	if graphql.HasOperationContext(ctx) {
		if state, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(stateExtension).(*operationState); ok {
			return state
		}
	}
	return new(operationState)
}

// SelectedFields returns the names of the fields that the document of the operation in ctx selects on a type, anywhere in
// it, so that no more is read than it can show.
func SelectedFields(ctx context.Context, typeName string) []string {
	doc := stateOf(ctx).document
	if doc == nil {
		return nil
	}
	return doc.SelectedFields(typeName)
}
