package resolvers

import (
	"context"

	"crm/auth"
	"crm/graph"
)

// RequestEmailVerification resolves Mutation.requestEmailVerification.
func (r mutationResolver) RequestEmailVerification(ctx context.Context) (*graph.RequestEmailVerificationPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	expires, mailed, err := r.db.RequestEmailVerification(ctx, viewer)
	if err != nil {
		return nil, err
	}
	if !mailed {
		return &graph.RequestEmailVerificationPayload{}, nil
	}
	return &graph.RequestEmailVerificationPayload{ExpiresAt: &expires}, nil
}

// VerifyEmail resolves Mutation.verifyEmail.
func (r mutationResolver) VerifyEmail(ctx context.Context, input graph.VerifyEmailInput) (*graph.VerifyEmailPayload, error) {
	account, err := r.proveEmail(ctx, input.Token, r.db.VerifyEmail)
	if err != nil {
		return nil, err
	}
	return &graph.VerifyEmailPayload{Viewer: account}, nil
}

// RequestEmailChange resolves Mutation.requestEmailChange.
func (r mutationResolver) RequestEmailChange(
	ctx context.Context, input graph.RequestEmailChangeInput,
) (*graph.RequestEmailChangePayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	expires, pending, err := r.db.RequestEmailChange(ctx, viewer, input.Email, input.Password)
	if err != nil {
		return nil, err
	}
	account, err := r.account(ctx, viewer.Scope(), viewer.Role.IsStaff(), viewer.Account)
	if err != nil {
		return nil, err
	}
	if !pending {
		return &graph.RequestEmailChangePayload{Viewer: account}, nil
	}
	return &graph.RequestEmailChangePayload{Viewer: account, ExpiresAt: &expires}, nil
}

// ConfirmEmailChange resolves Mutation.confirmEmailChange.
func (r mutationResolver) ConfirmEmailChange(
	ctx context.Context, input graph.ConfirmEmailChangeInput,
) (*graph.ConfirmEmailChangePayload, error) {
	account, err := r.proveEmail(ctx, input.Token, r.db.ConfirmEmailChange)
	if err != nil {
		return nil, err
	}
	return &graph.ConfirmEmailChangePayload{Viewer: account}, nil
}

// proveEmail lets the viewer prove an address with a token, and returns the account, as whose verified holder the rest of the payload is
// resolved.
func (r *Resolver) proveEmail(
	ctx context.Context, token string, prove func(ctx context.Context, viewer auth.Viewer, token string) error,
) (graph.Viewer, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	if err := prove(ctx, viewer, token); err != nil {
		return nil, err
	}
	scope := auth.Scope{Role: viewer.Role, Account: viewer.Account}
	auth.Become(ctx, scope, viewer.Session)
	return r.account(ctx, scope, viewer.Role.IsStaff(), viewer.Account)
}

// UndoEmailChange resolves Mutation.undoEmailChange.
func (r mutationResolver) UndoEmailChange(
	ctx context.Context, input graph.UndoEmailChangeInput,
) (*graph.UndoEmailChangePayload, error) {
	undone, err := r.db.UndoEmailChange(ctx, input.Token, input.NewPassword)
	if err != nil {
		return nil, err
	}
	return &graph.UndoEmailChangePayload{Audience: undone.Kind, EndedSessions: undone.EndedSessions}, nil
}
