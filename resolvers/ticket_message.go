package resolvers

import (
	"context"

	"crm/db"
	"crm/db/live"
	"crm/db/store"
	"crm/graph"
)

// ReplyToTicket resolves Mutation.replyToTicket.
func (r mutationResolver) ReplyToTicket(
	ctx context.Context, input graph.ReplyToTicketInput,
) (*graph.ReplyToTicketPayload, error) {
	var problems db.Problems
	id := problems.ID("input.ticketId", db.KindTicket, input.TicketID)
	reply := db.NewReply{
		BodyText: input.Body, InReplyTo: problems.OptionalID("input.inReplyToId", db.KindTicketMessage, input.InReplyToID.Value()),
		Status: input.Status.Value(), ExpectedVersion: input.ExpectedVersion.Value(),
		Attachments: uploadIDs(&problems, input.Attachments), Cc: input.Cc.Value(),
	}
	if input.ExpectedLastMessageID.IsSet() {
		last := problems.OptionalID("input.expectedLastMessageId", db.KindTicketMessage, input.ExpectedLastMessageID.Value())
		reply.ExpectedLast = &last
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	message, ticket, err := r.db.ReplyToTicket(ctx, scopeOf(ctx), id, reply)
	if err != nil {
		return nil, err
	}
	return &graph.ReplyToTicketPayload{Message: message, Ticket: ticket}, nil
}

// AddTicketNote resolves Mutation.addTicketNote.
func (r mutationResolver) AddTicketNote(
	ctx context.Context, input graph.AddTicketNoteInput,
) (*graph.AddTicketNotePayload, error) {
	var problems db.Problems
	id := problems.ID("input.ticketId", db.KindTicket, input.TicketID)
	note := db.NewNote{
		BodyText: input.Body, InReplyTo: problems.OptionalID("input.inReplyToId", db.KindTicketMessage, input.InReplyToID.Value()),
		Attachments: uploadIDs(&problems, input.Attachments),
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	message, err := r.db.AddTicketNote(ctx, scopeOf(ctx), id, note)
	if err != nil {
		return nil, err
	}
	return &graph.AddTicketNotePayload{Message: message}, nil
}

// EditMessage resolves Mutation.editMessage.
func (r mutationResolver) EditMessage(
	ctx context.Context, input graph.EditMessageInput,
) (*graph.EditMessagePayload, error) {
	id, err := parseID("input.id", db.KindTicketMessage, input.ID)
	if err != nil {
		return nil, err
	}
	message, err := r.db.EditTicketMessage(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value(), input.Body)
	if err != nil {
		return nil, err
	}
	return &graph.EditMessagePayload{Message: message}, nil
}

// DeleteMessage resolves Mutation.deleteMessage.
func (r mutationResolver) DeleteMessage(
	ctx context.Context, input graph.DeleteMessageInput,
) (*graph.DeleteMessagePayload, error) {
	id, err := parseID("input.id", db.KindTicketMessage, input.ID)
	if err != nil {
		return nil, err
	}
	if err := r.db.DeleteTicketMessage(ctx, scopeOf(ctx), id, input.ExpectedVersion.Value()); err != nil {
		return nil, err
	}
	return &graph.DeleteMessagePayload{DeletedID: input.ID}, nil
}

// Author resolves TicketMessage.author: with one call to the store for the users among the authors, and one for the customers.
func (r ticketMessageResolver) Author(ctx context.Context, obj *db.TicketMessage) (graph.MessageAuthor, error) {
	if external := obj.External(); external != nil {
		return external, nil
	}
	if obj.ByCustomer() {
		customer, err := reference(ctx, obj, r.db.Customers, func(obj *db.TicketMessage) (store.ID, bool) {
			return obj.CustomerID, obj.ByCustomer() && obj.External() == nil
		})
		if customer == nil {
			return nil, err
		}
		return customer, err
	}
	user, err := reference(ctx, obj, r.db.Users, func(obj *db.TicketMessage) (store.ID, bool) {
		if obj.ByCustomer() {
			return store.ID{}, false
		}
		return *obj.AuthorID, true
	})
	if user == nil {
		return nil, err
	}
	return user, err
}

// Cc resolves TicketMessage.cc.
func (r ticketMessageResolver) Cc(ctx context.Context, obj *db.TicketMessage) ([]string, error) {
	return obj.Cc(scopeOf(ctx)), nil
}

// TicketMessageAdded resolves Subscription.ticketMessageAdded.
func (r subscriptionResolver) TicketMessageAdded(
	ctx context.Context, ticketID, after *string,
) (<-chan *graph.TicketMessageAdded, error) {
	added := live.Watch{Only: live.ChangeCreated, After: after}
	if ticketID != nil {
		id, err := parseID("ticketId", db.KindTicket, *ticketID)
		if err != nil {
			return nil, err
		}
		added.Where = store.Eq("ticket_id", id)
	}
	return subscribe(ctx, r.db, r.db.TicketMessages, added)
}
