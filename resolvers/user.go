package resolvers

import (
	"context"

	"crm/auth"
	"crm/db"
	"crm/graph"
)

// User resolves Query.user; @oneOf ensures that there is exactly one key.
func (r queryResolver) User(ctx context.Context, by graph.UserBy) (*db.User, error) {
	if email := by.Email.Value(); email != nil {
		return db.ByEmail(ctx, projected(ctx, r.db.Users), scopeOf(ctx), *email)
	}
	return get(ctx, r.db.Users, "by.id", *by.ID.Value())
}

// CreateUser resolves Mutation.createUser.
func (r mutationResolver) CreateUser(
	ctx context.Context, input graph.CreateUserInput,
) (*graph.CreateUserPayload, error) {
	user, err := r.db.CreateUser(ctx, scopeOf(ctx), db.NewUser{
		Name: input.Name, Email: input.Email, Password: input.Password, Role: input.Role,
		TimeZone: input.TimeZone.Value(),
	})
	if err != nil {
		return nil, err
	}
	return &graph.CreateUserPayload{User: user}, nil
}

// UpdateUser resolves Mutation.updateUser.
func (r mutationResolver) UpdateUser(
	ctx context.Context, input graph.UpdateUserInput,
) (*graph.UpdateUserPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindUser, input.ID)
	changes := db.UserChanges{
		Name: text(input.Name), Email: text(input.Email), Role: change[auth.Role](&problems, "role", input.Role),
		NotifySelf: change[bool](&problems, "notifySelf", input.NotifySelf), TimeZone: clearable(input.TimeZone),
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	user, err := r.db.UpdateUser(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), changes)
	if err != nil {
		return nil, err
	}
	return &graph.UpdateUserPayload{User: user}, nil
}

// DeactivateUser resolves Mutation.deactivateUser.
func (r mutationResolver) DeactivateUser(
	ctx context.Context, input graph.DeactivateUserInput,
) (*graph.DeactivateUserPayload, error) {
	id, err := parseID("input.id", db.KindUser, input.ID)
	if err != nil {
		return nil, err
	}
	var problems db.Problems
	handOverTo := problems.OptionalID("input.handOverTo", db.KindUser, input.HandOverTo.Value())
	if err := problems.Err(); err != nil {
		return nil, err
	}
	done, err := r.db.DeactivateUser(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), handOverTo)
	if err != nil {
		return nil, err
	}
	return &graph.DeactivateUserPayload{
		User: done.User, EndedSessions: done.EndedSessions,
		HandedOverInteractions: done.HandedOver.Interactions, HandedOverTickets: done.HandedOver.Tickets,
		OpenInteractions: done.Open.Interactions, OpenTickets: done.Open.Tickets,
	}, nil
}

// HandOver resolves Mutation.handOver.
func (r mutationResolver) HandOver(ctx context.Context, input graph.HandOverInput) (*graph.HandOverPayload, error) {
	var problems db.Problems
	from, to := problems.ID("input.from", db.KindUser, input.From), problems.ID("input.to", db.KindUser, input.To)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	done, err := r.db.HandOver(ctx, scopeOf(ctx), from, to)
	if err != nil {
		return nil, err
	}
	return &graph.HandOverPayload{HandedOverInteractions: done.Interactions, HandedOverTickets: done.Tickets}, nil
}

// ReactivateUser resolves Mutation.reactivateUser.
func (r mutationResolver) ReactivateUser(
	ctx context.Context, input graph.ReactivateUserInput,
) (*graph.ReactivateUserPayload, error) {
	id, err := parseID("input.id", db.KindUser, input.ID)
	if err != nil {
		return nil, err
	}
	user, err := r.db.ReactivateUser(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value())
	if err != nil {
		return nil, err
	}
	return &graph.ReactivateUserPayload{User: user}, nil
}

// DeleteUser resolves Mutation.deleteUser.
func (r mutationResolver) DeleteUser(
	ctx context.Context, input graph.DeleteUserInput,
) (*graph.DeleteUserPayload, error) {
	id, err := parseID("input.id", db.KindUser, input.ID)
	if err != nil {
		return nil, err
	}
	deleted, err := r.db.DeleteUser(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), input.Cascade)
	if err != nil {
		return nil, err
	}
	return deletedUser(input.ID, deleted), nil
}
