package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
)

// eventTransport serves an operation as a stream of server-sent events, in the distinct connections mode of the GraphQL over
// SSE protocol: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Errors of the operation are events too,
// because a browser doesn't show its page the error of a refused event stream.
type eventTransport struct {
	exec          *runner
	authenticator Authenticator
	streams       *openStreams
}

// errStopping ends event streams without an error when the server stops, which makes clients reconnect.
var errStopping = errors.New("the server is stopping")

// serve streams the responses of the operation, or the errors why there is none.
func (t eventTransport) serve(
	w http.ResponseWriter, r *http.Request, operation *graphql.OperationContext, errs gqlerror.List,
) {
	if r.Method == http.MethodHead {
		writeEventHeaders(w.Header())
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	end := cancel
	if len(errs) > 0 || operation.Operation.Operation != ast.Subscription {
		end = func(error) {} // queries and mutations may finish
	}
	from := requestIdentity(t.authenticator, r)
	if err := t.streams.wait(ctx, from.viewer.Address); err != nil {
		t.exec.refuseStream(w, r, err)
		return
	}
	remove, refused := t.streams.add(from.viewer.Address, func() { end(errStopping) })
	if refused != nil {
		t.exec.refuseStream(w, r, refused)
		return
	}
	defer remove()
	stream := newEventStream(w, t.exec.limits.Streams)
	stream.begin()
	if len(errs) > 0 {
		stream.finish(t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
		return
	}
	defer stream.keepAlive(func() bool {
		err := from.check(ctx)
		if err != nil && err.Code == store.Unauthenticated {
			end(err)
		}
		return ctx.Err() == nil
	}, cancel)()
	if expires := from.viewer.Expires; !expires.IsZero() {
		defer time.AfterFunc(time.Until(expires), func() { end(errExpired()) }).Stop()
	}
	failed := t.exec.stream(ctx, operation, stream)
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
	case failed != nil || ctx.Err() == nil:
		stream.finish(failed)
	}
}
