package transport

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/graph/stream"
)

// subscription is a running subscription. No goroutine waits for its events: thousands of subscriptions may be idle, and
// gqlgen would wait deep in its calls, with 8 KB of stack. An announcement starts a goroutine that sends them.
type subscription struct {
	exec *runner
	// ctx is the operation's context; responseCtx adds gqlgen's values.
	ctx, responseCtx context.Context //nolint:containedctx // they live as long as the operation, like this
	operation        *graphql.OperationContext
	source           *stream.Source
	responses        graphql.ResponseHandler
	send             func(response *graphql.Response) bool
	ended            func(failed *graphql.Response)
}

// subscribe runs a subscription like stream, but returns at once and calls ended at the end.
func (e *runner) subscribe(
	ctx context.Context, operation *graphql.OperationContext, send func(response *graphql.Response) bool,
	ended func(failed *graphql.Response),
) {
	s := &subscription{
		exec: e, ctx: graphql.WithOperationContext(ctx, operation), operation: operation, send: send, ended: ended,
	}
	s.source = stream.NewSource(s.run)
	go s.run()
}

// run sends all available responses.
func (s *subscription) run() {
	ended, failed := true, (*graphql.Response)(nil)
	defer func() {
		if cause := recover(); cause != nil {
			failed = s.exec.fail(s.ctx, s.exec.PresentRecoveredError(s.ctx, cause))
		}
		if ended {
			s.ended(failed)
		}
	}()
	for s.source.Take() {
		var more bool
		if more, failed = s.next(); !more {
			return
		}
	}
	ended = false
}

// next starts the subscription or sends one response; more is false at the end.
func (s *subscription) next() (more bool, failed *graphql.Response) {
	if s.responses == nil {
		s.responses, s.responseCtx = s.exec.DispatchOperation(stream.WithSource(s.ctx, s.source), s.operation)
		if s.source.Announces() {
			return true, nil
		}
	}
	response := s.responses(s.responseCtx)
	switch {
	case response == nil:
		return false, s.end()
	case response.Data == nil:
		return false, s.exec.DispatchError(s.ctx, response.Errors)
	}
	return s.send(response), nil
}

// end returns the error with which the subscription ended, or nil.
func (s *subscription) end() *graphql.Response {
	var cause *store.Error
	switch err := s.source.Cause(); {
	case s.ctx.Err() == nil && err != nil:
		return s.exec.fail(s.ctx, err)
	case s.ctx.Err() != nil && errors.As(context.Cause(s.ctx), &cause):
		return s.exec.fail(s.ctx, cause)
	}
	return nil
}
