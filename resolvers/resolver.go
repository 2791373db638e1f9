// Package resolvers translates between GraphQL and package db, with one file per entity. It makes no decisions: package db
// determines what viewers may see and do.
package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/graph"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	db     *db.DB
	tokens *auth.Tokens
}

var _ graph.ResolverRoot = (*Resolver)(nil)

// New returns resolvers that use a database and issue tokens.
func New(d *db.DB, tokens *auth.Tokens) *Resolver { return &Resolver{db: d, tokens: tokens} }

type (
	queryResolver        struct{ *Resolver }
	mutationResolver     struct{ *Resolver }
	subscriptionResolver struct{ *Resolver }
)

// Query returns the resolvers of the queries.
func (r *Resolver) Query() graph.QueryResolver { return queryResolver{r} }

// Mutation returns the resolvers of the mutations.
func (r *Resolver) Mutation() graph.MutationResolver { return mutationResolver{r} }

// Subscription returns the resolvers of the subscriptions.
func (r *Resolver) Subscription() graph.SubscriptionResolver { return subscriptionResolver{r} }

func scopeOf(ctx context.Context) auth.Scope { return auth.ScopeFrom(ctx) }
