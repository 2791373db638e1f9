package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/graph/apierror"
)

// Executor runs operations; gqlgen's own implements it. The errors in its responses may be shown to clients. DispatchError
// makes its errors presentable unless they have a code.
type Executor interface {
	graphql.GraphExecutor
	// PresentRecoveredError logs the cause of a panic, and returns the error that a client may see.
	PresentRecoveredError(ctx context.Context, cause any) error
}

// runner contains what the transports share: the executor and its limits.
type runner struct {
	Executor
	limits  Limits
	large   largeRequests
	log     *slog.Logger
	senders *senders
}

func newRunner(config Config) *runner {
	log := config.Logger
	if log == nil {
		log = slog.Default()
	}
	return &runner{Executor: config.Executor, limits: config.Limits.WithDefaults(), large: newLargeRequests(), log: log, senders: newSenders()}
}

// prepare returns the operation that the parameters name. A large document waits for a slot.
func (e *runner) prepare(
	ctx context.Context, params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	release, err := e.large.acquire(ctx, len(params.Query))
	if err != nil {
		refused := &graphql.OperationContext{Headers: params.Headers}
		refused.Stats.OperationStart = graphql.GetStartTime(ctx)
		return refused, gqlerror.List{apierror.Coded(err)}
	}
	defer release()
	return e.CreateOperationContext(ctx, params)
}

// presented returns the GraphQL form of an error; the executor presents other errors.
func presented(err error) *gqlerror.Error {
	var known *gqlerror.Error
	if errors.As(err, &known) {
		return known
	}
	return gqlerror.Wrap(err)
}

// sink writes the responses of one operation to a client.
type sink interface {
	// appendNext appends a message with an encoded response.
	appendNext(to, response []byte) []byte
	// write writes messages, and calls wait before anything that may take long. It returns false if the operation can't or
	// needn't go on.
	write(messages []byte, wait func()) bool
}

// stream runs an operation and writes its responses: one of a query or mutation, any number of a subscription. It ends when
// the operation does, when the sink returns false, or when ctx is done. It returns the errors with which the operation is
// refused or ends, as a response without data, or nil. A *store.Error that is the cause of ctx counts as such an error.
func (e *runner) stream(
	ctx context.Context, operation *graphql.OperationContext, to sink,
) (failed *graphql.Response) {
	if operation.Operation.Operation == ast.Subscription {
		ended := make(chan *graphql.Response, 1)
		e.subscribe(ctx, operation, to, func(failed *graphql.Response) { ended <- failed })
		return <-ended
	}
	operationCtx := graphql.WithOperationContext(ctx, operation)
	defer func() {
		if cause := recover(); cause != nil {
			failed = e.fail(operationCtx, e.PresentRecoveredError(operationCtx, cause))
		}
	}()
	return e.answer(ctx, operation, to)
}

// answer runs a query or mutation, which has one response.
func (e *runner) answer(
	ctx context.Context, operation *graphql.OperationContext, to sink,
) (failed *graphql.Response) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Time)
	defer cancel()
	responses, responseCtx := e.DispatchOperation(ctx, operation)
	response := responses(responseCtx)
	if response == nil {
		return e.fail(responseCtx, apierror.Interrupted(ctx.Err()))
	}
	to.write(to.appendNext(nil, encodeResponse(response)), func() {})
	return nil
}

// encodeResponse returns a response as JSON. It panics if that is impossible.
func encodeResponse(response *graphql.Response) []byte {
	body, err := marshalResponse(response)
	if err != nil {
		panic(fmt.Errorf("cannot send a response: %w", err))
	}
	return body.joined()
}

// fail returns the response for an operation that ends with an error, which the executor presents and logs.
func (e *runner) fail(ctx context.Context, err error) *graphql.Response {
	return e.DispatchError(ctx, gqlerror.List{presented(err)})
}
