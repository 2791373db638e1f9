package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// get reads the document with the global id in the argument or input field at path.
func get[T any](ctx context.Context, e *entity.Reader[T], path, text string) (*T, error) {
	id, err := parseID(path, e.Definition().Kind, text)
	if err != nil {
		return nil, err
	}
	return projected(ctx, e).Get(ctx, scopeOf(ctx), id)
}

// parseID reads a global id of this kind from the argument or input field at path.
func parseID(path string, kind entity.Kind, text string) (store.ID, error) {
	id, err := db.ParseID(kind, text)
	if err != nil {
		return store.ID{}, store.FieldError(store.BadInput, path, "%s", err.Error())
	}
	return id, nil
}

// Viewer resolves Query.viewer.
func (r queryResolver) Viewer(ctx context.Context) (graph.Viewer, error) {
	viewer, ok := auth.ViewerFrom(ctx)
	if !ok {
		return nil, nil //nolint:nilnil // the schema defines an anonymous viewer as null
	}
	return r.account(ctx, viewer.Scope(), viewer.Role.IsStaff(), viewer.Account)
}

// account reads a user or a customer that is visible to the scope.
func (r *Resolver) account(ctx context.Context, scope auth.Scope, staff bool, id store.ID) (graph.Viewer, error) {
	if staff {
		return projected(ctx, r.db.Users).Get(ctx, scope, id)
	}
	return projected(ctx, r.db.Customers).Get(ctx, scope, id)
}
