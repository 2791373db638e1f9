package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph/apierror"
	"crm/graph/document"
	"crm/graph/transport"
)

// Executor runs operations for any transport, including gqlgen's. It parses and validates documents, applies limits and
// reads variables by itself, and leaves the execution to gqlgen's generated code. CreateOperationContext returns errors that
// clients may see.
type Executor struct {
	schema        graphql.ExecutableSchema
	documents     *document.Loader
	trusted       bool
	budgets       *budgets
	introspection bool
	showCost      bool
	limits        Limits
	newOperation  func(ctx context.Context) context.Context
	resolve       graphql.FieldMiddleware
	present       graphql.ErrorPresenterFunc
	recover       graphql.RecoverFunc
	reporter      reporter
	memory        Memory
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
			operation, errs = refused, gqlerror.List{e.present(ctx, e.recover(ctx, cause))}
		}
	}()
	doc, errs := e.documents.Find(params)
	if len(errs) > 0 {
		return refused, errs
	}
	definition := doc.Operations.ForName(params.OperationName)
	refused.Operation = definition
	if err := e.documents.CheckParams(doc, params); err != nil {
		return refused, gqlerror.List{apierror.FromError(err)}
	}
	variables, err := validator.VariableValues(e.schema.Schema(), definition, params.Variables)
	if err != nil {
		return refused, gqlerror.List{apierror.FromError(store.Errorf(store.BadInput, "the variables do not match the operation"))}
	}
	state := &operationState{document: doc}
	operation = &graphql.OperationContext{
		RawQuery: params.Query, Variables: variables, OperationName: params.OperationName, Doc: doc.QueryDocument,
		Extensions: params.Extensions, Headers: params.Headers, Operation: definition,
		DisableIntrospection: !e.introspection && !e.trusted, RecoverFunc: e.recover, ResolverMiddleware: e.resolve,
		RootResolverMiddleware: resolveRoot, Stats: graphql.Stats{Read: params.ReadTime, OperationStart: refused.Stats.OperationStart},
	}
	operation.Stats.SetExtension(stateExtension, state)
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
	ctx = graphql.WithOperationContext(ctx, operation)
	started := graphql.WithResponseContext(ctx, e.present, e.recover)
	responses := e.schema.Exec(started)
	if errs := graphql.GetErrors(started); errs != nil {
		return graphql.OneShot(&graphql.Response{Errors: errs}), ctx
	}
	return func(ctx context.Context) *graphql.Response { return e.respond(ctx, responses) }, ctx
}

// respond returns the operation's next response, or nil at its end. Each response has its own counter of store calls,
// groups of siblings, log line and cost.
func (e *Executor) respond(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if ctx.Err() != nil {
		return nil
	}
	ctx, end := e.reporter.begin(ctx)
	ctx, calls := entity.WithCalls(graphql.WithResponseContext(ctx, e.present, e.recover))
	response := e.remember(ctx, calls, next)
	if response != nil {
		e.addCost(ctx, response, calls)
		e.reporter.report(ctx, response, calls, end)
	}
	return response
}

// resolveRoot resolves a field of Query or Mutation.
func resolveRoot(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	return countAnswer(ctx, next(withPayloadViewer(ctx)))
}

// DispatchError returns the response to a refused request, and reports it.
func (e *Executor) DispatchError(ctx context.Context, errs gqlerror.List) *graphql.Response {
	for i, err := range errs {
		if apierror.CodeOf(err) == "" {
			errs[i] = e.present(ctx, err)
		}
	}
	response := &graphql.Response{Errors: errs}
	ctx, end := e.reporter.begin(ctx)
	e.reporter.report(ctx, response, nil, end)
	return response
}

// PresentRecoveredError logs the cause of a panic, and returns the error that a client may see.
func (e *Executor) PresentRecoveredError(ctx context.Context, cause any) error {
	return e.present(ctx, e.recover(ctx, cause))
}

// withPayloadViewer gives each mutation of an operation a viewer of its own. A log-in then changes the viewer for its own
// payload (auth.Become), and not for the mutations after it.
func withPayloadViewer(ctx context.Context) context.Context {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return ctx
	}
	viewer, _ := auth.ViewerFrom(ctx)
	return auth.WithViewer(ctx, viewer)
}
