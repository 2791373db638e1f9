package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"crm/auth"
	"crm/db/store"
)

// HasRole implements the directive @hasRole: it resolves the field only for viewers with one of the roles, and for API keys only if
// these may use it.
func HasRole(ctx context.Context, _ any, next graphql.Resolver, roles []auth.Role, keys bool) (any, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	if viewer.Role == "" {
		return nil, store.Errorf(store.Unauthenticated, "log in first")
	}
	if !slices.Contains(roles, viewer.Role) {
		return nil, store.Errorf(store.Forbidden, "only %s may use this", joinRoles(roles))
	}
	if viewer.Key && !keys {
		return nil, store.Errorf(store.Forbidden, "API keys can't use this; log in")
	}
	if viewer.ReadOnly && graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		return nil, store.Errorf(store.Forbidden, "this API key may only read")
	}
	return next(ctx)
}

func joinRoles(roles []auth.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, " or ")
}
