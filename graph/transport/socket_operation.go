package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db/store"
	"crm/graph/apierror"
)

// socketOperation is an operation on a socket.
type socketOperation struct {
	socket *socket
	id     string
	kind   ast.Operation
	cancel context.CancelCauseFunc
	// next is how the messages with responses begin.
	next []byte
}

// subscribe begins an operation. It returns false if the socket has been closed.
func (s *socket) subscribe(ctx context.Context, message socketMessage) bool {
	if s.has(message.ID) {
		s.close(closeDuplicate, "Subscriber for "+message.ID+" already exists")
		return false
	}
	s.started++
	ctx = context.WithValue(ctx, requestIDKey{}, RequestID(ctx)+"."+strconv.Itoa(s.started))
	ctx = graphql.StartOperationTrace(auth.WithViewer(ctx, s.identity.viewer))
	if s.isFull() {
		return s.refuseFurther(ctx, message.ID)
	}
	s.refused = 0
	params, refused := s.readParams(ctx, message.Payload)
	switch {
	case refused != nil && refused.ofOperation:
		return s.sendErrors(message.ID, s.exec.DispatchError(ctx, gqlerror.List{apierror.Coded(refused.err)}))
	case refused != nil:
		s.close(closeBadMessage, "The payload of a subscribe message must be the parameters of an operation")
		return false
	}
	if err := s.checkIdentity(ctx); err != nil {
		sent := s.sendErrors(message.ID, s.exec.fail(ctx, err))
		if err.Code == store.Unauthenticated {
			go s.leave(closeForbidden, "Forbidden", err)
		}
		return sent
	}
	operation, errs := s.exec.prepare(ctx, params)
	if len(errs) > 0 {
		return s.sendErrors(message.ID, s.exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
	}
	s.begin(ctx, message.ID, operation)
	return true
}

func (s *socket) readParams(ctx context.Context, payload jsontext.Value) (*graphql.RawParams, *refusal) {
	start := graphql.Now()
	params, refused := s.exec.readParams(ctx, payload)
	if refused != nil {
		return nil, refused
	}
	params.Headers = s.headers
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

func (s *socket) has(id string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.operations[id] != nil
}

// isFull reports whether the limit of operations is reached. Clients consider operations ended that still write their last
// message, but these must not pile up either.
func (s *socket) isFull() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	limit := s.exec.limits.Streams.Operations
	return len(s.operations) >= limit || s.runs >= 2*limit
}

// refuseFurther refuses an operation because of the limit, and closes the socket of a client that keeps sending them.
func (s *socket) refuseFurther(ctx context.Context, id string) bool {
	limit := s.exec.limits.Streams.Operations
	if s.refused++; s.refused > limit {
		s.close(closeTooMany, "Too many operations")
		return false
	}
	return s.sendErrors(id, s.exec.fail(ctx, &store.Error{
		Code: store.RateLimited, RetryAfter: time.Second,
		Message: fmt.Sprintf("%d operations are under way on this socket; complete some before you begin others", limit),
	}))
}

// begin runs an operation unless the socket is about to be closed.
func (s *socket) begin(ctx context.Context, id string, operation *graphql.OperationContext) {
	ctx, cancel := context.WithCancelCause(ctx)
	o := &socketOperation{
		socket: s, id: id, kind: operation.Operation.Operation, cancel: cancel,
		next: append(appendMessageStart(nil, messageNext, id), `,"payload":`...),
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.leaving {
		cancel(nil)
		return
	}
	s.operations[id] = o
	s.runs++
	s.running.Add(1)
	if o.kind == ast.Subscription {
		s.exec.subscribe(ctx, operation, o, func(failed *graphql.Response) { o.end(ctx, failed) })
		return
	}
	go func() { o.end(ctx, s.exec.stream(ctx, operation, o)) }()
}

// complete ends an operation at the request of the client. An unknown one has just ended by itself.
func (s *socket) complete(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if operation := s.operations[id]; operation != nil {
		delete(s.operations, id)
		operation.cancel(nil)
	}
}

// appendNext implements sink.
func (o *socketOperation) appendNext(to, response []byte) []byte {
	to = appendFrameHeader(to, len(o.next)+len(response)+len("}"))
	return append(append(append(to, o.next...), response...), '}')
}

// write implements sink.
func (o *socketOperation) write(messages []byte, wait func()) bool {
	return o.socket.isRunning(o) && o.socket.writeFrames(messages, wait)
}

// end is called when only the last message remains to be sent.
func (o *socketOperation) end(ctx context.Context, failed *graphql.Response) {
	defer o.release(ctx)
	o.finish(ctx, failed)
}

// finish sends the last message. It frees the id before the client can know that this operation has ended.
func (o *socketOperation) finish(ctx context.Context, failed *graphql.Response) {
	s := o.socket
	switch {
	case !s.remove(o):
	case errors.Is(context.Cause(ctx), context.Canceled): // the server is stopping, and the client will reconnect
	case failed != nil:
		s.sendErrors(o.id, failed)
	case ctx.Err() == nil:
		s.write(marshalMessage(messageComplete, o.id, nil))
	}
}

func (o *socketOperation) release(ctx context.Context) {
	s := o.socket
	defer s.running.Done()
	if cause := recover(); cause != nil {
		s.fail(ctx, cause)
	}
	o.cancel(nil)
	s.mutex.Lock()
	s.runs--
	s.mutex.Unlock()
}

func (s *socket) isRunning(o *socketOperation) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.operations[o.id] == o
}

// remove removes an operation from the socket. It returns false if the client has completed it.
func (s *socket) remove(o *socketOperation) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.operations[o.id] != o {
		return false
	}
	delete(s.operations, o.id)
	return true
}

// sendErrors ends an operation with errors.
func (s *socket) sendErrors(id string, response *graphql.Response) bool {
	payload, err := json.Marshal(response.Errors)
	if err != nil {
		panic(fmt.Errorf("cannot send errors: %w", err))
	}
	return s.write(marshalMessage(messageError, id, payload))
}
