package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

type sessionResolver struct{ *Resolver }

// Session returns the resolvers of the fields of this type.
func (r *Resolver) Session() graph.SessionResolver { return sessionResolver{r} }

// Current resolves Session.current.
func (sessionResolver) Current(ctx context.Context, obj *db.Session) (bool, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	return !viewer.Key && obj.ID == viewer.Session, nil
}

// Sessions resolves Query.sessions.
func (r queryResolver) Sessions(
	ctx context.Context, of *string, first *int, after *string, last *int, before *string,
) (*graph.SessionConnection, error) {
	kind, id, err := accountOrOwn(ctx, of)
	if err != nil {
		return nil, err
	}
	return connection(ctx, r.db.Sessions, entity.List{
		First: first, After: after, Last: last, Before: before,
		Where: store.And(store.Eq("account_id", id), store.Eq("staff", kind == db.KindUser)),
	})
}

// accountOrOwn reads the global id in the argument "of", which is the viewer's own if it is missing.
func accountOrOwn(ctx context.Context, of *string) (entity.Kind, store.ID, error) {
	if of != nil {
		return parseAccountID("of", *of)
	}
	viewer, _ := auth.ViewerFrom(ctx)
	if viewer.Role.IsStaff() {
		return db.KindUser, viewer.Account, nil
	}
	return db.KindCustomer, viewer.Account, nil
}

// EndSession resolves Mutation.endSession.
func (r mutationResolver) EndSession(ctx context.Context, input graph.EndSessionInput) (*graph.EndSessionPayload, error) {
	id, err := parseID("input.id", db.KindSession, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.EndSessionOf(ctx, scopeOf(ctx), id); err != nil {
		return nil, err
	}
	return &graph.EndSessionPayload{EndedID: input.ID}, nil
}

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
