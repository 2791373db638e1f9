package transport

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
)

// httpTransport serves one operation per request, according to the GraphQL-over-HTTP specification: any by POST, queries
// also by GET, and by HEAD for the headers alone. Subscriptions, and other operations if the client prefers, are served as event streams.
type httpTransport struct {
	exec *runner
	// batching lets a POST contain a list of operations.
	batching   bool
	compressor *compressor
	events     eventTransport
}

// ServeHTTP implements http.Handler.
func (t *httpTransport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(graphql.StartOperationTrace(r.Context()))
	prefs := negotiate(r.Header)
	defer func() {
		if cause := recover(); cause != nil {
			masked := presented(t.exec.PresentRecoveredError(r.Context(), cause))
			writeResponse(w, responseFormat{media: prefs.media}, http.StatusInternalServerError, &graphql.Response{Errors: gqlerror.List{masked}})
		}
	}()
	if !prefs.accepted && prefs.events == eventsRefused {
		t.exec.refuse(w, r, prefs.media, &refusal{
			status: http.StatusNotAcceptable,
			err:    store.Errorf(apierror.BadRequest, "the response is %s, %s or %s", mediaGraphQL, mediaJSON, mediaEvents),
		})
		return
	}
	given, refused := t.exec.readRequest(w, r, t.batching)
	switch {
	case refused != nil:
		t.exec.refuse(w, r, prefs.media, refused)
	case given.isBatch:
		t.runBatch(w, r, prefs, given.operations)
	default:
		t.run(w, r, prefs, given.operations[0].params)
	}
}

func (t *httpTransport) run(w http.ResponseWriter, r *http.Request, prefs preferences, params *graphql.RawParams) {
	ctx, cancel := context.WithTimeout(r.Context(), t.exec.limits.Time)
	defer cancel()
	operation, errs := t.exec.prepare(ctx, params)
	writeRateLimit(w.Header(), operation)
	var kind ast.Operation
	if len(errs) == 0 {
		kind = operation.Operation.Operation
	}
	refused := refusedToken(ctx, operation.Operation)
	switch {
	case refused != nil:
		t.exec.refuse(w, r, prefs.media, refused)
	case kind == ast.Mutation && r.Method != http.MethodPost:
		t.exec.refuse(w, r, prefs.media, &refusal{
			status: http.StatusMethodNotAllowed, header: "Allow", value: http.MethodPost,
			err: store.Errorf(apierror.BadRequest, "a mutation can't be sent by GET; send it by POST"),
		})
	case kind == ast.Subscription && prefs.events == eventsRefused:
		t.exec.refuse(w, r, prefs.media, refuse(
			http.StatusNotAcceptable, "a subscription needs Accept: %s, or a WebSocket that speaks %s", mediaEvents, subprotocol,
		))
	case kind == ast.Subscription || prefs.events == eventsPreferred:
		t.events.serve(w, r, operation, errs)
	case len(errs) > 0:
		response := t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
		writeResponse(w, responseFormat{media: prefs.media}, requestErrorStatus(prefs.media, errs), response)
	default:
		t.answer(ctx, w, r, prefs, operation)
	}
}

func (t *httpTransport) answer(
	ctx context.Context, w http.ResponseWriter, r *http.Request, prefs preferences, operation *graphql.OperationContext,
) {
	responses, ctx := t.exec.DispatchOperation(ctx, operation)
	response := responses(ctx)
	if response == nil {
		t.exec.refuse(w, r, prefs.media, &refusal{status: http.StatusServiceUnavailable, err: apierror.Interrupted(ctx.Err())})
		return
	}
	format := responseFormat{media: prefs.media, varies: prefs.varies, compressor: t.compressor}
	// A mutation's response may contain tokens next to the client's input: its compressed size would reveal them.
	if operation.Operation.Operation == ast.Query {
		format.encoding = prefs.encoding
	}
	writeResponse(w, format, http.StatusOK, response)
}

// refuse responds to a request without an operation to run.
func (e *runner) refuse(w http.ResponseWriter, r *http.Request, media string, refused *refusal) {
	if refused.header != "" {
		w.Header().Set(refused.header, refused.value)
	}
	response := e.DispatchError(r.Context(), gqlerror.List{apierror.Coded(refused.err)})
	writeResponse(w, responseFormat{media: media}, refused.status, response)
}
