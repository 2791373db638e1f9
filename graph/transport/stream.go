package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
)

// stream runs an operation and passes its responses to send: one of a query or mutation, any number of a subscription.
// send must not keep them. stream ends when the operation does, when send returns false, or when ctx is done. It returns
// the errors with which the operation is refused or ends, as a response without data, or nil. A *store.Error that is the
// cause of ctx counts as such an error.
func (e *runner) stream(
	ctx context.Context, operation *graphql.OperationContext, send func(response *graphql.Response) bool,
) (failed *graphql.Response) {
	if operation.Operation.Operation == ast.Subscription {
		ended := make(chan *graphql.Response, 1)
		e.subscribe(ctx, operation, send, func(failed *graphql.Response) { ended <- failed })
		return <-ended
	}
	operationCtx := graphql.WithOperationContext(ctx, operation)
	defer func() {
		if cause := recover(); cause != nil {
			failed = e.fail(operationCtx, e.PresentRecoveredError(operationCtx, cause))
		}
	}()
	return e.answer(ctx, operation, send)
}

// answer runs a query or mutation, which has one response.
func (e *runner) answer(
	ctx context.Context, operation *graphql.OperationContext, send func(response *graphql.Response) bool,
) (failed *graphql.Response) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Time)
	defer cancel()
	responses, responseCtx := e.DispatchOperation(ctx, operation)
	response := responses(responseCtx)
	if response == nil {
		return e.fail(responseCtx, store.Errorf(store.Unavailable, "the request was cancelled"))
	}
	send(response)
	return nil
}

// fail returns the response for an operation that ends with an error, which the executor presents and logs.
func (e *runner) fail(ctx context.Context, err error) *graphql.Response {
	return e.DispatchError(ctx, gqlerror.List{presented(err)})
}
