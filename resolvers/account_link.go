package resolvers

import (
	"context"

	"crm/auth"
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
