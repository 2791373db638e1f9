package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// SecurityEvents resolves Query.securityEvents.
func (r queryResolver) SecurityEvents(
	ctx context.Context, of *string, first *int, after *string, last *int, before *string,
) (*graph.SecurityEventConnection, error) {
	list := entity.List{First: first, After: after, Last: last, Before: before}
	if viewer, _ := auth.ViewerFrom(ctx); of != nil || viewer.Role != auth.Admin {
		kind, id, err := accountOrOwn(ctx, of)
		if err != nil {
			return nil, err
		}
		list.Where = store.And(store.Eq("account_id", id), store.Eq("staff", kind == db.KindUser))
	}
	return connection(ctx, r.db.SecurityEvents, list)
}
