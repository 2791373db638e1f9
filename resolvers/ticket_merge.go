package resolvers

import (
	"context"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// MergeTickets resolves Mutation.mergeTickets.
func (r mutationResolver) MergeTickets(
	ctx context.Context, input graph.MergeTicketsInput,
) (*graph.MergeTicketsPayload, error) {
	var problems db.Problems
	from, into := problems.ID("input.fromId", db.KindTicket, input.FromID), problems.ID("input.intoId", db.KindTicket, input.IntoID)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	ticket, err := r.db.MergeTickets(ctx, scopeOf(ctx), from, into, input.ExpectedVersion.Value())
	if err != nil {
		return nil, err
	}
	return &graph.MergeTicketsPayload{Ticket: ticket}, nil
}

// LinkTickets resolves Mutation.linkTickets.
func (r mutationResolver) LinkTickets(ctx context.Context, input graph.LinkTicketsInput) (*graph.LinkTicketsPayload, error) {
	id, other, err := linkedIDs(input.ID, input.OtherID)
	if err != nil {
		return nil, err
	}
	ticket, err := r.db.LinkTickets(ctx, scopeOf(ctx), id, other)
	if err != nil {
		return nil, err
	}
	return &graph.LinkTicketsPayload{Ticket: ticket}, nil
}

// UnlinkTickets resolves Mutation.unlinkTickets.
func (r mutationResolver) UnlinkTickets(
	ctx context.Context, input graph.UnlinkTicketsInput,
) (*graph.UnlinkTicketsPayload, error) {
	id, other, err := linkedIDs(input.ID, input.OtherID)
	if err != nil {
		return nil, err
	}
	ticket, err := r.db.UnlinkTickets(ctx, scopeOf(ctx), id, other)
	if err != nil {
		return nil, err
	}
	return &graph.UnlinkTicketsPayload{Ticket: ticket}, nil
}

// linkedIDs reads the ids of two tickets in the input of a mutation.
func linkedIDs(id, otherID string) (one, other store.ID, err error) {
	var problems db.Problems
	one, other = problems.ID("input.id", db.KindTicket, id), problems.ID("input.otherId", db.KindTicket, otherID)
	if err := problems.Err(); err != nil {
		return store.ID{}, store.ID{}, err
	}
	return one, other, nil
}

// Ticket resolves Query.ticket.
func (r queryResolver) Ticket(ctx context.Context, id string) (*db.Ticket, error) {
	parsed, err := parseID("id", db.KindTicket, id)
	if err != nil {
		return nil, err
	}
	return r.db.CurrentTicket(ctx, projected(ctx, r.db.Tickets), scopeOf(ctx), parsed)
}

// TicketByNumber resolves Query.ticketByNumber.
func (r queryResolver) TicketByNumber(ctx context.Context, number int) (*db.Ticket, error) {
	return r.db.TicketByNumber(ctx, projected(ctx, r.db.Tickets), scopeOf(ctx), number)
}

func (r queryResolver) ticketNode(ctx context.Context, id store.ID) (graph.Node, error) {
	return r.db.CurrentTicket(ctx, projected(ctx, r.db.Tickets), scopeOf(ctx), id)
}

func (r queryResolver) ticketNodes(ctx context.Context, ids []store.ID) (map[store.ID]graph.Node, error) {
	found, err := r.db.CurrentTickets(ctx, projected(ctx, r.db.Tickets), scopeOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	nodes := make(map[store.ID]graph.Node, len(found))
	lists := make(map[store.ID][]*db.Ticket, len(found))
	for id, ticket := range found {
		nodes[id], lists[id] = ticket, []*db.Ticket{ticket}
	}
	addBatch(ctx, distinct(lists))
	return nodes, nil
}

// LinkedTickets resolves Ticket.linkedTickets, for all siblings at once.
func (r ticketResolver) LinkedTickets(ctx context.Context, obj *db.Ticket) ([]*db.Ticket, error) {
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID][]*db.Ticket](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(tickets []*db.Ticket) (map[store.ID][]*db.Ticket, error) {
			ids := idsOf(tickets, func(t *db.Ticket) (store.ID, bool) { return t.ID, true })
			linked, err := r.db.LinkedTickets(ctx, projected(ctx, r.db.Tickets), scopeOf(ctx), ids)
			addBatch(ctx, distinct(linked))
			return linked, err
		})
	}
	linked, err := read()
	return linked[obj.ID], err
}
