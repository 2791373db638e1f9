package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"crm/auth"
	"crm/db/store"
)

// HasRole implements the directive @hasRole: it resolves the field only for viewers with one of the roles.
func HasRole(ctx context.Context, _ any, next graphql.Resolver, roles []auth.Role) (any, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	if viewer.Role == "" {
		return nil, store.Errorf(store.Unauthenticated, "log in first")
	}
	if !slices.Contains(roles, viewer.Role) {
		return nil, store.Errorf(store.Forbidden, "only %s may use this", joinRoles(roles))
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
