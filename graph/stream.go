package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db"
)

// stream runs an operation and hands its responses to send: the one of a query or mutation, any number of a
// subscription's, each to be used before send returns. It ends when the operation does, when send returns false, or when
// ctx is done. It returns the errors that the operation is refused or ended with, as a response without data, or nil if
// there are none; a ctx that is done because of a *db.Error is such an end.
func (e *Executor) stream(
	ctx context.Context, operation *graphql.OperationContext, send func(response *graphql.Response) bool,
) (failed *graphql.Response) {
	operationCtx := graphql.WithOperationContext(ctx, operation)
	defer func() {
		if cause := recover(); cause != nil {
			failed = e.fail(operationCtx, e.presenter.recover(operationCtx, cause))
		}
	}()
	if operation.Operation.Operation != ast.Subscription {
		return e.answer(ctx, operation, send)
	}
	streamCtx, failure := withStreamFailure(ctx)
	responses, streamCtx := e.DispatchOperation(streamCtx, operation)
	for response := responses(streamCtx); response != nil; response = responses(streamCtx) {
		if response.Data == nil {
			return e.DispatchError(operationCtx, response.Errors)
		}
		if !send(response) {
			return nil
		}
	}
	var cause *db.Error
	switch err := failure.cause(); {
	case ctx.Err() == nil && err != nil:
		return e.fail(operationCtx, err)
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &cause):
		return e.fail(operationCtx, cause)
	}
	return nil
}

// answer runs a query or mutation, which has an end and one response.
func (e *Executor) answer(
	ctx context.Context, operation *graphql.OperationContext, send func(response *graphql.Response) bool,
) (failed *graphql.Response) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Time)
	defer cancel()
	responses, responseCtx := e.DispatchOperation(ctx, operation)
	response := responses(responseCtx)
	if response == nil {
		return e.fail(responseCtx, db.Errorf(db.Unavailable, "the request was cancelled"))
	}
	send(response)
	return nil
}

// fail presents and logs what an operation ends with.
func (e *Executor) fail(ctx context.Context, err error) *graphql.Response {
	return e.DispatchError(ctx, gqlerror.List{e.presenter.present(ctx, err)})
}

// streamFailure holds why a subscription ended, for its transport to tell the client: a resolver's channel can only
// be closed.
type streamFailure struct {
	mutex sync.Mutex
	err   error
}

type streamKey struct{}

// withStreamFailure returns a context for one subscription in which its resolver can say why it ends.
func withStreamFailure(ctx context.Context) (context.Context, *streamFailure) {
	failure := new(streamFailure)
	return context.WithValue(ctx, streamKey{}, failure), failure
}

// FailStream says why the subscription that ctx belongs to ends; the resolver calls it before it closes its channel. Of
// several reasons the first counts. Outside a subscription it does nothing.
func FailStream(ctx context.Context, err error) {
	failure, ok := ctx.Value(streamKey{}).(*streamFailure)
	if !ok {
		return
	}
	failure.mutex.Lock()
	defer failure.mutex.Unlock()
	if failure.err == nil {
		failure.err = err
	}
}

// cause returns why the subscription ended, or nil if it came to its end.
func (f *streamFailure) cause() error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.err
}
