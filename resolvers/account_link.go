package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/graph"
)

// RequestPasswordReset resolves Mutation.requestPasswordReset.
func (r mutationResolver) RequestPasswordReset(
	ctx context.Context, input graph.RequestPasswordResetInput,
) (*graph.RequestPasswordResetPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	expires, err := r.db.RequestPasswordReset(ctx, input.Audience, input.Email, viewer.Address)
	if err != nil {
		return nil, err
	}
	return &graph.RequestPasswordResetPayload{ExpiresAt: expires}, nil
}

// ResetPassword resolves Mutation.resetPassword.
func (r mutationResolver) ResetPassword(
	ctx context.Context, input graph.ResetPasswordInput,
) (*graph.ResetPasswordPayload, error) {
	reset, err := r.db.ResetPassword(ctx, input.Token, input.NewPassword)
	if err != nil {
		return nil, err
	}
	return &graph.ResetPasswordPayload{Audience: reset.Kind, EndedSessions: reset.EndedSessions}, nil
}

// CustomerSignup resolves Query.customerSignup.
func (r queryResolver) CustomerSignup(context.Context) (db.CustomerSignup, error) {
	return r.db.CustomerSignup(), nil
}

// RequestSignUp resolves Mutation.requestSignUp.
func (r mutationResolver) RequestSignUp(ctx context.Context, input graph.RequestSignUpInput) (*graph.RequestSignUpPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	expires, err := r.db.RequestSignUp(ctx, input.Email, viewer.Address)
	if err != nil {
		return nil, err
	}
	return &graph.RequestSignUpPayload{ExpiresAt: expires}, nil
}

// CompleteSignUp resolves Mutation.completeSignUp.
func (r mutationResolver) CompleteSignUp(
	ctx context.Context, input graph.CompleteSignUpInput,
) (*graph.CompleteSignUpPayload, error) {
	session, refreshToken, err := r.db.CompleteSignUp(ctx, input.Token, db.SignUp{
		Name: input.Name.Value(), Password: input.Password, TimeZone: input.TimeZone.Value(),
	})
	if err != nil {
		return nil, err
	}
	tokens, err := r.issue(ctx, auth.Scope{Role: auth.Customer, Account: session.Account}, session, refreshToken)
	if err != nil {
		return nil, err
	}
	customer, err := projected(ctx, r.db.Customers).Get(ctx, scopeOf(ctx), session.Account)
	if err != nil {
		return nil, err
	}
	return &graph.CompleteSignUpPayload{Customer: customer, Tokens: tokens}, nil
}
