package resolvers

import (
	"context"

	"crm/auth"
	"crm/auth/oidc"
	"crm/db"
	"crm/db/entity"
	"crm/graph"
)

// LogInProviders resolves Query.logInProviders.
func (r queryResolver) LogInProviders(context.Context) ([]*graph.LogInProvider, error) {
	providers := []*graph.LogInProvider{}
	for _, provider := range r.db.Providers() {
		shown := &graph.LogInProvider{Name: provider.Name, Label: provider.Label}
		for _, kind := range []entity.Kind{db.KindUser, db.KindCustomer} {
			if provider.Serves(kind == db.KindUser) {
				shown.Audiences = append(shown.Audiences, kind)
			}
		}
		providers = append(providers, shown)
	}
	return providers, nil
}

// StartProviderLogIn resolves Mutation.startProviderLogIn.
func (r mutationResolver) StartProviderLogIn(
	ctx context.Context, input graph.StartProviderLogInInput,
) (*graph.StartProviderLogInPayload, error) {
	attempt, err := r.db.StartProviderLogIn(ctx, input.Provider, input.Audience)
	if err != nil {
		return nil, err
	}
	return &graph.StartProviderLogInPayload{URL: attempt.Address, Attempt: attempt.Token, ExpiresAt: attempt.ExpiresAt}, nil
}

// CompleteProviderLogIn resolves Mutation.completeProviderLogIn.
func (r mutationResolver) CompleteProviderLogIn(
	ctx context.Context, input graph.CompleteProviderLogInInput,
) (*graph.CompleteProviderLogInPayload, error) {
	viewer, _ := auth.ViewerFrom(ctx)
	done, err := r.db.CompleteProviderLogIn(ctx, db.ProviderAnswer{
		Attempt: input.Attempt, State: input.State, Answer: oidc.Answer{Code: input.Code, Issuer: input.Iss.Value()},
	}, viewer.Address)
	if err != nil {
		return nil, err
	}
	if done.Challenge != nil {
		return &graph.CompleteProviderLogInPayload{Challenge: done.Challenge}, nil
	}
	account, tokens, err := r.resume(ctx, done.Session, done.RefreshToken)
	if err != nil {
		return nil, err
	}
	return &graph.CompleteProviderLogInPayload{Viewer: account, Tokens: tokens}, nil
}

// UnlinkProviders resolves Mutation.unlinkProviders.
func (r mutationResolver) UnlinkProviders(
	ctx context.Context, input graph.UnlinkProvidersInput,
) (*graph.UnlinkProvidersPayload, error) {
	account, err := r.onAccount(ctx, input.ID, r.db.UnlinkProviders)
	if err != nil {
		return nil, err
	}
	return &graph.UnlinkProvidersPayload{Account: account}, nil
}
