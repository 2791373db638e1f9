package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// InviteUser resolves Mutation.inviteUser.
func (r mutationResolver) InviteUser(ctx context.Context, input graph.InviteUserInput) (*graph.InviteUserPayload, error) {
	user, err := r.db.InviteUser(ctx, scopeOf(ctx), db.NewUser{
		Name: orEmpty(input.Name), Email: input.Email, Role: input.Role, TimeZone: input.TimeZone.Value(),
	})
	if err != nil {
		return nil, err
	}
	return &graph.InviteUserPayload{User: user}, nil
}

// InviteCustomer resolves Mutation.inviteCustomer.
func (r mutationResolver) InviteCustomer(
	ctx context.Context, input graph.InviteCustomerInput,
) (*graph.InviteCustomerPayload, error) {
	id, err := parseID("input.id", db.KindCustomer, input.ID)
	if err != nil {
		return nil, err
	}
	customer, err := r.db.InviteCustomer(ctx, scopeOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &graph.InviteCustomerPayload{Customer: customer}, nil
}

// ResendInvitation resolves Mutation.resendInvitation.
func (r mutationResolver) ResendInvitation(
	ctx context.Context, input graph.ResendInvitationInput,
) (*graph.ResendInvitationPayload, error) {
	account, err := r.onAccount(ctx, input.ID, r.db.ResendInvitation)
	if err != nil {
		return nil, err
	}
	return &graph.ResendInvitationPayload{Account: account}, nil
}

// RevokeInvitation resolves Mutation.revokeInvitation.
func (r mutationResolver) RevokeInvitation(
	ctx context.Context, input graph.RevokeInvitationInput,
) (*graph.RevokeInvitationPayload, error) {
	account, err := r.onAccount(ctx, input.ID, r.db.RevokeInvitation)
	if err != nil {
		return nil, err
	}
	return &graph.RevokeInvitationPayload{Account: account}, nil
}

// onAccount changes the user or customer with the global id in input.id, and returns the account.
func (r *Resolver) onAccount(
	ctx context.Context, text string, change func(context.Context, auth.Scope, entity.Kind, store.ID) error,
) (graph.Viewer, error) {
	kind, id, err := parseAccountID("input.id", text)
	if err != nil {
		return nil, err
	}
	scope := scopeOf(ctx)
	if err := change(ctx, scope, kind, id); err != nil {
		return nil, err
	}
	return r.account(ctx, scope, kind == db.KindUser, id)
}

// parseAccountID reads the global id of a user or a customer at the path.
func parseAccountID(path, text string) (entity.Kind, store.ID, error) {
	kind, id, err := db.ParseGlobalID(text)
	if err != nil || (kind != db.KindUser && kind != db.KindCustomer) {
		return "", store.ID{}, store.FieldError(store.BadInput, path, "is not the id of a user or a customer")
	}
	return kind, id, nil
}

// AcceptInvitation resolves Mutation.acceptInvitation.
func (r mutationResolver) AcceptInvitation(
	ctx context.Context, input graph.AcceptInvitationInput,
) (*graph.AcceptInvitationPayload, error) {
	session, refreshToken, err := r.db.AcceptInvitation(ctx, input.Token, input.Name.Value(), input.Password)
	if err != nil {
		return nil, err
	}
	viewer, tokens, err := r.resume(ctx, session, refreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.AcceptInvitationPayload{Viewer: viewer, Tokens: tokens}, nil
}
