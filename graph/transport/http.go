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

// httpTransport answers one operation per request, as the GraphQL-over-HTTP specification has it: any by POST, queries
// also by GET. Subscriptions, and whatever else a client wants so, are answered as event streams.
type httpTransport struct {
	exec       *runner
	compressor *compressor
	events     eventTransport
}

// ServeHTTP implements http.Handler.
func (t *httpTransport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(graphql.StartOperationTrace(r.Context()))
	wish := negotiate(r.Header)
	defer func() {
		if cause := recover(); cause != nil {
			masked := presented(t.exec.PresentRecoveredError(r.Context(), cause))
			writeResponse(w, answerFormat{media: wish.media}, http.StatusInternalServerError, &graphql.Response{Errors: gqlerror.List{masked}})
		}
	}()
	if !wish.accepted && wish.events == eventsRefused {
		t.refuse(w, r, wish.media, &refusal{
			status: http.StatusNotAcceptable,
			err:    store.Errorf(apierror.BadRequest, "answers are %s, %s or %s", mediaGraphQL, mediaJSON, mediaEvents),
		})
		return
	}
	params, refused := t.exec.readRequest(w, r)
	if refused != nil {
		t.refuse(w, r, wish.media, refused)
		return
	}
	t.run(w, r, wish, params)
}

func (t *httpTransport) run(w http.ResponseWriter, r *http.Request, wish wishes, params *graphql.RawParams) {
	ctx, cancel := context.WithTimeout(r.Context(), t.exec.limits.Time)
	defer cancel()
	operation, errs := t.exec.prepare(ctx, params)
	writeRateLimit(w.Header(), operation)
	var kind ast.Operation
	if len(errs) == 0 {
		kind = operation.Operation.Operation
	}
	switch {
	case kind == ast.Mutation && r.Method == http.MethodGet:
		t.refuse(w, r, wish.media, &refusal{
			status: http.StatusMethodNotAllowed, allow: http.MethodPost,
			err: store.Errorf(apierror.BadRequest, "a mutation can't be sent by GET; send it by POST"),
		})
	case kind == ast.Subscription && wish.events == eventsRefused:
		t.refuse(w, r, wish.media, refuse(
			http.StatusNotAcceptable, "a subscription needs Accept: %s, or a WebSocket that speaks %s", mediaEvents, subprotocol,
		))
	case kind == ast.Subscription || wish.events == eventsPreferred:
		t.events.serve(w, r, operation, errs)
	case len(errs) > 0:
		response := t.exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
		writeResponse(w, answerFormat{media: wish.media}, requestErrorStatus(wish.media, errs), response)
	default:
		t.answer(ctx, w, r, wish, operation)
	}
}

func (t *httpTransport) answer(
	ctx context.Context, w http.ResponseWriter, r *http.Request, wish wishes, operation *graphql.OperationContext,
) {
	responses, ctx := t.exec.DispatchOperation(ctx, operation)
	response := responses(ctx)
	if response == nil {
		t.refuse(w, r, wish.media, &refusal{
			status: http.StatusServiceUnavailable, err: store.Errorf(store.Unavailable, "the request was cancelled"),
		})
		return
	}
	format := answerFormat{media: wish.media, varies: wish.varies, compressor: t.compressor}
	// A mutation's answer may have tokens beside what the client sent: its compressed size would tell of them.
	if operation.Operation.Operation == ast.Query {
		format.encoding = wish.encoding
	}
	writeResponse(w, format, http.StatusOK, response)
}

// refuse answers a request that has no operation to run.
func (t *httpTransport) refuse(w http.ResponseWriter, r *http.Request, media string, refused *refusal) {
	if refused.allow != "" {
		w.Header().Set("Allow", refused.allow)
	}
	if refused.status == http.StatusUnsupportedMediaType {
		w.Header().Set("Accept", mediaJSON)
	}
	response := t.exec.DispatchError(r.Context(), gqlerror.List{apierror.Coded(refused.err)})
	writeResponse(w, answerFormat{media: media}, refused.status, response)
}
