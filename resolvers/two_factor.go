package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// CompleteLogIn resolves Mutation.completeLogIn.
func (r mutationResolver) CompleteLogIn(ctx context.Context, input graph.CompleteLogInInput) (*graph.CompleteLogInPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	session, refreshToken, err := r.db.CompleteLogIn(ctx, input.Challenge, input.Code, viewer.Address)
	if err != nil {
		return nil, err
	}
	account, tokens, err := r.resume(ctx, session, refreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.CompleteLogInPayload{Viewer: account, Tokens: tokens}, nil
}

// StartTwoFactor resolves Mutation.startTwoFactor.
func (r mutationResolver) StartTwoFactor(ctx context.Context, input graph.StartTwoFactorInput) (*graph.StartTwoFactorPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	secret, err := r.db.StartTwoFactor(ctx, db.Enroller{Viewer: viewer, Challenge: input.Challenge.Value()}, input.Password.Value())
	if err != nil {
		return nil, err
	}
	return &graph.StartTwoFactorPayload{Secret: secret.Text, URI: secret.URI, QRCode: secret.QRCode}, nil
}

// ConfirmTwoFactor resolves Mutation.confirmTwoFactor.
func (r mutationResolver) ConfirmTwoFactor(
	ctx context.Context, input graph.ConfirmTwoFactorInput,
) (*graph.ConfirmTwoFactorPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	done, err := r.db.ConfirmTwoFactor(ctx, db.Enroller{Viewer: viewer, Challenge: input.Challenge.Value()}, input.Code)
	if err != nil {
		return nil, err
	}
	payload := &graph.ConfirmTwoFactorPayload{RecoveryCodes: done.RecoveryCodes}
	if done.Session != nil {
		payload.Viewer, payload.Tokens, err = r.resume(ctx, done.Session, done.RefreshToken)
	} else {
		payload.Viewer, err = r.account(ctx, viewer.Scope(), done.Kind == db.KindUser, done.Account)
	}
	if err != nil {
		return nil, err
	}
	return payload, nil
}

// DisableTwoFactor resolves Mutation.disableTwoFactor.
func (r mutationResolver) DisableTwoFactor(
	ctx context.Context, input graph.DisableTwoFactorInput,
) (*graph.DisableTwoFactorPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	if err := r.db.DisableTwoFactor(ctx, viewer, input.Code); err != nil {
		return nil, err
	}
	account, err := r.account(ctx, viewer.Scope(), viewer.Role.IsStaff(), viewer.Account)
	if err != nil {
		return nil, err
	}
	return &graph.DisableTwoFactorPayload{Viewer: account}, nil
}

// RenewRecoveryCodes resolves Mutation.renewRecoveryCodes.
func (r mutationResolver) RenewRecoveryCodes(
	ctx context.Context, input graph.RenewRecoveryCodesInput,
) (*graph.RenewRecoveryCodesPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	codes, err := r.db.RenewRecoveryCodes(ctx, viewer, input.Code)
	if err != nil {
		return nil, err
	}
	return &graph.RenewRecoveryCodesPayload{RecoveryCodes: codes}, nil
}

// ResetTwoFactor resolves Mutation.resetTwoFactor.
func (r mutationResolver) ResetTwoFactor(ctx context.Context, input graph.ResetTwoFactorInput) (*graph.ResetTwoFactorPayload, error) {
	account, err := r.onAccount(ctx, input.ID, func(ctx context.Context, scope auth.Scope, kind entity.Kind, id store.ID) error {
		_, err := r.db.ResetTwoFactor(ctx, scope, kind, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &graph.ResetTwoFactorPayload{Account: account}, nil
}

// TwoFactor resolves Query.twoFactor.
func (r queryResolver) TwoFactor(ctx context.Context, of *string) (*db.TwoFactorState, error) {
	kind, id, err := accountOrOwn(ctx, of)
	if err != nil {
		return nil, err
	}
	return r.db.TwoFactorState(ctx, scopeOf(ctx), kind, id)
}
