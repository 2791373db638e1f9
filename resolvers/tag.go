package resolvers

import (
	"context"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/graph"
)

// CreateTag resolves Mutation.createTag.
func (r mutationResolver) CreateTag(ctx context.Context, input graph.CreateTagInput) (*graph.CreateTagPayload, error) {
	tag, err := r.db.CreateTag(ctx, scopeOf(ctx), db.NewTag{Name: input.Name, Color: input.Color})
	if err != nil {
		return nil, err
	}
	return &graph.CreateTagPayload{Tag: tag}, nil
}

// UpdateTag resolves Mutation.updateTag.
func (r mutationResolver) UpdateTag(ctx context.Context, input graph.UpdateTagInput) (*graph.UpdateTagPayload, error) {
	id, err := parseID("input.id", db.KindTag, input.ID)
	if err != nil {
		return nil, err
	}
	changes := db.TagChanges{Name: text(input.Name), Color: text(input.Color)}
	tag, err := r.db.UpdateTag(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), changes)
	if err != nil {
		return nil, err
	}
	return &graph.UpdateTagPayload{Tag: tag}, nil
}

// DeleteTag resolves Mutation.deleteTag.
func (r mutationResolver) DeleteTag(ctx context.Context, input graph.DeleteTagInput) (*graph.DeleteTagPayload, error) {
	id, err := parseID("input.id", db.KindTag, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.DeleteTag(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value()); err != nil {
		return nil, err
	}
	return deletedTag(input.ID, nil), nil
}

// AddTags resolves Mutation.addTags.
func (r mutationResolver) AddTags(ctx context.Context, input graph.AddTagsInput) (*graph.AddTagsPayload, error) {
	tagged, err := r.db.AddTags(ctx, scopeOf(ctx), db.TagChange{Of: input.ID, Tags: input.TagIds})
	if err != nil {
		return nil, err
	}
	return &graph.AddTagsPayload{Tagged: tagged}, nil
}

// RemoveTags resolves Mutation.removeTags.
func (r mutationResolver) RemoveTags(ctx context.Context, input graph.RemoveTagsInput) (*graph.RemoveTagsPayload, error) {
	tagged, err := r.db.RemoveTags(ctx, scopeOf(ctx), db.TagChange{Of: input.ID, Tags: input.TagIds})
	if err != nil {
		return nil, err
	}
	return &graph.RemoveTagsPayload{Tagged: tagged}, nil
}

// Tags resolves Ticket.tags.
func (r ticketResolver) Tags(ctx context.Context, obj *db.Ticket) ([]*db.Tag, error) {
	return tags(ctx, r.db, obj, db.KindTicket, ticketID)
}

// Tags resolves Customer.tags.
func (r customerResolver) Tags(ctx context.Context, obj *db.Customer) ([]*db.Tag, error) {
	return tags(ctx, r.db, obj, db.KindCustomer, customerID)
}

// tags resolves the tags of a ticket or a customer, for all its siblings at once.
func tags[P any](ctx context.Context, d *db.DB, owner *P, kind entity.Kind, id func(*P) store.ID) ([]*db.Tag, error) {
	group := siblingsOf(ctx, owner)
	read, ok := readBySibling[map[store.ID][]*db.Tag](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(owners []*P) (map[store.ID][]*db.Tag, error) {
			ids := idsOf(owners, func(owner *P) (store.ID, bool) { return id(owner), true })
			return d.TagsOf(ctx, projected(ctx, d.Tags), scopeOf(ctx), kind, ids)
		})
	}
	found, err := read()
	return found[id(owner)], err
}
