package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
)

// payloadViewers gives each mutation of an operation a viewer of its own. A log-in then changes the viewer for its own
// payload (auth.Become), and not for the mutations after it.
type payloadViewers struct{}

var _ graphql.RootFieldInterceptor = payloadViewers{}

// ExtensionName implements graphql.HandlerExtension.
func (payloadViewers) ExtensionName() string { return "PayloadViewers" }

// Validate implements graphql.HandlerExtension.
func (payloadViewers) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField implements graphql.RootFieldInterceptor.
func (payloadViewers) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		viewer, _ := auth.ViewerFrom(ctx)
		ctx = auth.WithViewer(ctx, viewer)
	}
	return next(ctx)
}
