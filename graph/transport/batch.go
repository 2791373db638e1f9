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

// batched is an operation of a batch that is ready to run, or its errors.
type batched struct {
	ctx       context.Context //nolint:containedctx // each operation has its own, and none outlives the request
	operation *graphql.OperationContext
	errs      gqlerror.List
}

// runBatch runs the operations of a batch one after the other, and responds with the list of their responses. An error
// concerns only its operation, but nothing runs if a token is needed and is bad.
func (t *httpTransport) runBatch(w http.ResponseWriter, r *http.Request, prefs preferences, operations []requested) {
	if !prefs.accepted {
		t.exec.refuse(w, r, prefs.media, refuse(http.StatusNotAcceptable, "the response to a batch is %s or %s", mediaGraphQL, mediaJSON))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.exec.limits.Time)
	defer cancel()
	batch := make([]batched, len(operations))
	definitions := make([]*ast.OperationDefinition, len(operations))
	for i, operation := range operations {
		batch[i] = t.exec.prepareBatched(ctx, operation)
		writeRateLimit(w.Header(), batch[i].operation)
		definitions[i] = batch[i].operation.Operation
	}
	if refused := refusedToken(ctx, definitions...); refused != nil {
		t.exec.refuse(w, r, prefs.media, refused)
		return
	}
	format := responseFormat{media: prefs.media, varies: prefs.varies, encoding: prefs.encoding, compressor: t.compressor}
	responses := make([]*graphql.Response, len(batch))
	for i, operation := range batch {
		responses[i] = t.exec.runBatched(operation)
		if definitions[i] != nil && definitions[i].Operation != ast.Query {
			format.encoding = notEncoded // see answer
		}
	}
	writeResponses(w, format, responses)
}

func (e *runner) prepareBatched(ctx context.Context, given requested) batched {
	ctx = graphql.StartOperationTrace(ctx)
	if given.refused != nil {
		return batched{ctx: ctx, operation: &graphql.OperationContext{}, errs: gqlerror.List{apierror.Coded(given.refused.err)}}
	}
	operation, errs := e.prepare(ctx, given.params)
	if len(errs) == 0 && operation.Operation.Operation == ast.Subscription {
		errs = gqlerror.List{apierror.Coded(store.Errorf(apierror.BadRequest, "a subscription can't be part of a batch"))}
	}
	return batched{ctx: ctx, operation: operation, errs: errs}
}

func (e *runner) runBatched(b batched) (response *graphql.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			response = &graphql.Response{Errors: gqlerror.List{presented(e.PresentRecoveredError(b.ctx, cause))}}
		}
	}()
	if len(b.errs) > 0 {
		return e.DispatchError(graphql.WithOperationContext(b.ctx, b.operation), b.errs)
	}
	responses, ctx := e.DispatchOperation(b.ctx, b.operation)
	if response := responses(ctx); response != nil {
		return response
	}
	return e.fail(ctx, apierror.Interrupted(ctx.Err()))
}
