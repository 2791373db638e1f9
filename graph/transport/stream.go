package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
)

// stream runs an operation and hands its responses to send: the one of a query or mutation, any number of a
// subscription's, each to be used before send returns. It ends when the operation does, when send returns false, or when
// ctx is done. It returns the errors that the operation is refused or ended with, as a response without data, or nil if
// there are none; a ctx that is done because of a *store.Error is such an end.
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

// answer runs a query or mutation, which has an end and one response.
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

// fail returns the response to an operation that ends with an error, which the executor presents and logs.
func (e *runner) fail(ctx context.Context, err error) *graphql.Response {
	return e.DispatchError(ctx, gqlerror.List{presented(err)})
}
