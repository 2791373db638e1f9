package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/document"
	"crm/graph/transport"
)

// Executor runs operations for any transport, including gqlgen's. It parses and validates documents, applies limits and
// reads variables by itself, and leaves the execution to gqlgen. CreateOperationContext returns errors that clients may see.
type Executor struct {
	inner         *executor.Executor
	documents     *document.Loader
	trusted       bool
	budgets       *budgets
	introspection bool
	presenter     presenter
	reporter      reporter
}

var _ transport.Executor = (*Executor)(nil)

// CreateOperationContext finds the operation that the parameters name. It refuses operations that are invalid, have
// invalid variables or exceed the limits.
func (e *Executor) CreateOperationContext(
	ctx context.Context, params *graphql.RawParams,
) (operation *graphql.OperationContext, errs gqlerror.List) {
	refused := &graphql.OperationContext{Headers: params.Headers}
	refused.Stats.OperationStart = graphql.GetStartTime(ctx)
	defer func() {
		if cause := recover(); cause != nil {
			operation, errs = refused, gqlerror.List{e.presenter.present(ctx, e.presenter.recover(ctx, cause))}
		}
	}()
	doc, errs := e.documents.Find(params)
	if len(errs) > 0 {
		return refused, errs
	}
	if err := e.documents.CheckParams(doc, params); err != nil {
		refused.Operation = doc.Operations.ForName(params.OperationName)
		return refused, gqlerror.List{apierror.FromError(err)}
	}
	operation, errs = e.inner.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), params)
	if len(errs) > 0 {
		return refused, gqlerror.List{apierror.FromError(store.Errorf(store.BadInput, "the variables do not match the operation"))}
	}
	state := &operationState{document: doc}
	operation.Stats.SetExtension(stateExtension, state)
	operation.DisableIntrospection = !e.introspection && !e.trusted
	var refusal *store.Error
	if state.complexity, refusal = e.documents.Complexity(doc, operation.Operation, operation.Variables); refusal != nil {
		return operation, gqlerror.List{apierror.Coded(refusal)}
	}
	if err := e.budgets.charge(ctx, operation, state.complexity); err != nil {
		return operation, gqlerror.List{apierror.Coded(err)}
	}
	return operation, nil
}

// DispatchOperation runs an operation.
func (e *Executor) DispatchOperation(
	ctx context.Context, operation *graphql.OperationContext,
) (graphql.ResponseHandler, context.Context) {
	return e.inner.DispatchOperation(ctx, operation)
}

// DispatchError returns the response to a refused request, and reports it.
func (e *Executor) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	for i, err := range errs {
		if apierror.CodeOf(err) == "" {
			errs[i] = e.presenter.present(ctx, err)
		}
	}
	response := &graphql.Response{Errors: errs}
	e.reporter.report(ctx, response, nil)
	return response
}

// PresentRecoveredError logs the cause of a panic, and returns the error that a client may see.
func (e *Executor) PresentRecoveredError(ctx context.Context, cause any) error {
	return e.presenter.present(ctx, e.presenter.recover(ctx, cause))
}

type documentKey struct{}

// contextDocuments passes the document that Executor has checked to gqlgen's executor, which would parse it again.
type contextDocuments struct{}

func (contextDocuments) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*document.Document)
	if !ok {
		return nil, false
	}
	return doc.QueryDocument, true
}

func (contextDocuments) Add(context.Context, string, *ast.QueryDocument) {}
