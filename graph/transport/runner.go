package transport

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
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
