package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
)

// withPayloadViewer gives each mutation of an operation a viewer of its own. A log-in then changes the viewer for its own
// payload (auth.Become), and not for the mutations after it.
func withPayloadViewer(ctx context.Context) context.Context {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
		return ctx
	}
	viewer, _ := auth.ViewerFrom(ctx)
	return auth.WithViewer(ctx, viewer)
}
