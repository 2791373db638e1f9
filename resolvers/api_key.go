package resolvers

import (
	"context"

	"crm/db"
	"crm/graph"
)

// CreateAPIKey resolves Mutation.createApiKey.
func (r mutationResolver) CreateAPIKey(
	ctx context.Context, input graph.CreateAPIKeyInput,
) (*graph.CreateAPIKeyPayload, error) {
	key, text, err := r.db.CreateAPIKey(ctx, scopeOf(ctx), db.NewAPIKey{
		Name: input.Name, Role: input.Role.Value(), ReadOnly: input.ReadOnly, Networks: input.AllowedNetworks.Value(),
		ExpiresAt: input.ExpiresAt.Value(),
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateAPIKeyPayload{APIKey: key, Key: text}, nil
}

// RevokeAPIKey resolves Mutation.revokeApiKey.
func (r mutationResolver) RevokeAPIKey(
	ctx context.Context, input graph.RevokeAPIKeyInput,
) (*graph.RevokeAPIKeyPayload, error) {
	id, err := parseID("input.id", db.KindAPIKey, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.RevokeAPIKey(ctx, scopeOf(ctx), id); err != nil {
		return nil, err
	}
	return &graph.RevokeAPIKeyPayload{RevokedID: input.ID}, nil
}
