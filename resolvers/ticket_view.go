package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// MarkTicketSeen resolves Mutation.markTicketSeen.
func (r mutationResolver) MarkTicketSeen(
	ctx context.Context, input graph.MarkTicketSeenInput,
) (*graph.MarkTicketSeenPayload, error) {
	var problems db.Problems
	id := problems.ID("input.id", db.KindTicket, input.ID)
	last := problems.OptionalID("input.lastMessageId", db.KindTicketMessage, input.LastMessageID.Value())
	if err := problems.Err(); err != nil {
		return nil, err
	}
	ticket, err := r.db.MarkTicketSeen(ctx, scopeOf(ctx), id, last)
	if err != nil {
		return nil, err
	}
	return &graph.MarkTicketSeenPayload{Ticket: ticket}, nil
}

// SaveDraft resolves Mutation.saveDraft.
func (r mutationResolver) SaveDraft(ctx context.Context, input graph.SaveDraftInput) (*graph.SaveDraftPayload, error) {
	id, err := parseID("input.ticketId", db.KindTicket, input.TicketID)
	if err != nil {
		return nil, err
	}
	draft, err := r.db.SaveDraft(ctx, scopeOf(ctx), id, db.TicketDraft{Body: input.Body, Visibility: input.Visibility})
	if err != nil {
		return nil, err
	}
	return &graph.SaveDraftPayload{Draft: draft}, nil
}

// DeleteDraft resolves Mutation.deleteDraft.
func (r mutationResolver) DeleteDraft(ctx context.Context, input graph.DeleteDraftInput) (*graph.DeleteDraftPayload, error) {
	id, err := parseID("input.ticketId", db.KindTicket, input.TicketID)
	if err != nil {
		return nil, err
	}
	ticket, err := r.db.DeleteDraft(ctx, scopeOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &graph.DeleteDraftPayload{Ticket: ticket}, nil
}

// Unread resolves Ticket.unread, for all siblings at once.
func (r ticketResolver) Unread(ctx context.Context, obj *db.Ticket) (bool, error) {
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID]bool](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(tickets []*db.Ticket) (map[store.ID]bool, error) {
			return r.db.Unread(ctx, scopeOf(ctx), tickets)
		})
	}
	unread, err := read()
	return unread[obj.ID], err
}

// Draft resolves Ticket.draft, for all siblings at once.
func (r ticketResolver) Draft(ctx context.Context, obj *db.Ticket) (*db.TicketDraft, error) {
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID]*db.TicketDraft](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(tickets []*db.Ticket) (map[store.ID]*db.TicketDraft, error) {
			return r.db.Drafts(ctx, scopeOf(ctx), idsOf(tickets, func(t *db.Ticket) (store.ID, bool) { return t.ID, true }))
		})
	}
	drafts, err := read()
	return drafts[obj.ID], err
}
