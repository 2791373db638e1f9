package transport

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/store"
	"crm/graph/stream"
)

// subscription is a running subscription. No goroutine waits for its events: thousands of subscriptions may be idle, and
// gqlgen would wait deep in its calls, with 8 KB of stack. An announcement makes a sender run it.
type subscription struct {
	exec *runner
	// ctx is the operation's context; responseCtx adds gqlgen's values.
	ctx, responseCtx context.Context //nolint:containedctx // they live as long as the operation, like this
	operation        *graphql.OperationContext
	source           *stream.Source
	// queue is nil if the resolver sends everything on its channel.
	queue     stream.Queue
	responses graphql.ResponseHandler
	to        sink
	ended     func(failed *graphql.Response)

	// failed is the error with which the subscription ends; it may be nil.
	failed *graphql.Response
	// following is the next subscription in the list of senders.
	following *subscription
}

// subscribe runs a subscription like stream, but returns at once and calls ended at the end.
func (e *runner) subscribe(
	ctx context.Context, operation *graphql.OperationContext, to sink, ended func(failed *graphql.Response),
) {
	s := &subscription{
		exec: e, ctx: graphql.WithOperationContext(ctx, operation), operation: operation, to: to, ended: ended,
	}
	s.source = stream.NewSource(func() { e.senders.add(s) })
	e.senders.add(s)
}

// next starts the subscription or returns one response; more is false at the end. w runs the subscription.
func (s *subscription) next(w *sender) (response []byte, more bool) {
	if s.responses == nil {
		w.handOver()
		s.responses, s.responseCtx = s.exec.DispatchOperation(stream.WithSource(s.ctx, s.source), s.operation)
		s.queue = s.source.Queue()
		if s.source.Announces() {
			return nil, true
		}
	}
	switch {
	case s.queue == nil:
		response, _ = w.encode()
	case s.ctx.Err() != nil || !s.queue.Next(s.responseCtx, w.wait):
		s.failed = s.end()
	default:
		response = s.queue.Encoded(s.responseCtx, w.wait, w.encode)
		if response == nil && s.failed == nil { // it ended while another subscription encoded the response
			s.failed = s.end()
		}
	}
	return response, response != nil
}

// encode executes the operation for the next element. The response is nil at the end; shared means that others may send it.
func (s *subscription) encode() (encoded []byte, shared bool) {
	if s.queue != nil {
		s.queue.Deliver()
	}
	response := s.responses(s.responseCtx)
	switch {
	case response == nil:
		s.failed = s.end()
		return nil, false
	case response.Data == nil:
		s.failed = s.exec.DispatchError(s.ctx, response.Errors)
		return nil, false
	}
	return encodeResponse(response), len(response.Errors) == 0
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
