package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"crm/db/entity"
	"crm/graph/transport"
)

// cost is what extensions.cost shows.
type cost struct {
	Complexity int `json:"complexity"`
	StoreCalls int `json:"storeCalls"`
}

// operations gives each operation, and each event of a subscription, its own counter of store calls, loaders, log line
// and cost.
type operations struct {
	config   HandlerConfig
	reporter reporter
}

var _ graphql.ResponseInterceptor = (*operations)(nil)

// ExtensionName implements graphql.HandlerExtension.
func (*operations) ExtensionName() string { return "Operations" }

// Validate implements graphql.HandlerExtension.
func (*operations) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor.
func (o *operations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	ctx, calls := entity.WithCalls(ctx)
	if o.config.NewOperation != nil {
		ctx = o.config.NewOperation(ctx)
	}
	if response := next(ctx); response != nil {
		return o.finish(ctx, response, calls)
	}
	return nil
}

// finish is a separate function to keep the stack small of a subscription that waits in next.
//
//go:noinline
func (o *operations) finish(ctx context.Context, response *graphql.Response, calls *entity.Calls) *graphql.Response {
	if o.showsCost(ctx) {
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions["cost"] = cost{Complexity: stateOf(ctx).complexity, StoreCalls: calls.Count()}
	}
	o.reporter.report(ctx, response, calls)
	return response
}

func (o *operations) showsCost(ctx context.Context) bool {
	switch graphql.GetOperationContext(ctx).Headers.Get(transport.CostHeader) {
	case "1":
		return true
	case "0":
		return false
	}
	return o.config.ShowCost
}
