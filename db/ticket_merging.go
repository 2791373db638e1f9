package db

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// A merge concerns two tickets and many messages. As with replies (ticket_conversation.go), one write decides, that of the TicketMerge,
// and what follows is written afterwards, by the request or else by the planner of its event. All of it may be interrupted and repeated:
// a ticket contains the position up to which merges into it have been applied, and the messages that a merged ticket still has are
// those that haven't moved. Those that have get positions below zero, because they have been applied to their former ticket.

// applyMerge gives two tickets what follows from a merge, as far as that hasn't happened.
func (d *DB) applyMerge(ctx context.Context, actor auth.Scope, merge *TicketMerge) error {
	if _, err := d.applyMessages(ctx, actor, merge.FromID); err != nil {
		return ignoreNotFound(err)
	}
	into, err := d.tickets.Follow(ctx, actor, merge.IntoID, func(next *Ticket) (string, error) {
		merges, err := d.ticketMerges.Find(ctx, store.Query{Where: store.And(
			store.Eq("into_id", next.ID), store.Compare(store.OpGt, "position", next.appliedMerges),
		)})
		slices.SortFunc(merges, func(a, b *TicketMerge) int { return cmp.Compare(a.Position, b.Position) })
		for _, merge := range merges {
			next.absorb(merge)
		}
		return verbMerged, err
	})
	if err != nil {
		return ignoreNotFound(err) // both are deleted, or the other one remains as it was
	}
	from, err := d.tickets.Follow(ctx, actor, merge.FromID, func(next *Ticket) (string, error) {
		next.MergedIntoID = &merge.IntoID
		next.move(TicketClosed, merge.CreatedAt)
		return verbMerged, nil
	})
	if err != nil {
		return ignoreNotFound(err)
	}
	if err := d.moveRequest(ctx, actor, from, into); err != nil {
		return err
	}
	return d.moveMessages(ctx, actor, from)
}

// absorb gives the ticket the times that follow from a merge into it.
func (t *Ticket) absorb(m *TicketMerge) {
	t.appliedMerges = m.Position
	t.LastMessageAt, t.LastCustomerMessageAt = later(t.LastMessageAt, m.LastMessageAt), later(t.LastCustomerMessageAt, m.LastCustomerMessageAt)
	t.FirstRespondedAt = earlier(t.FirstRespondedAt, m.FirstRespondedAt)
	if t.Status == TicketOpen || t.Status == TicketInProgress {
		t.WaitingSince = earlier(t.WaitingSince, m.WaitingSince)
	}
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

// moveRequest writes what a merged ticket asked for as a message of the customer, who asked for it when that ticket was raised.
// Nobody is mailed.
func (d *DB) moveRequest(ctx context.Context, actor auth.Scope, from, into *Ticket) error {
	text := from.Description
	if from.Title != titleOf(text) {
		text = from.Title + "\n\n" + text
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	message := &TicketMessage{
		ID: requestID(from.ID), Visibility: MessagePublic, Channel: ChannelAPI, BodyText: text, Version: 1,
		CreatedAt: from.CreatedAt, UpdatedAt: from.CreatedAt,
	}
	silent := d.Silent()
	for range writeTries {
		lowest, err := d.lowestPosition(ctx, into.ID)
		if err != nil {
			return err
		}
		message.belongTo(into)
		message.Position = lowest - 1
		err = silent.ticketMessages.Create(ctx, actor, message)
		if entity.IsTaken(err, "_id") {
			return nil
		}
		if !entity.IsTaken(err, "position") {
			return err
		}
	}
	return store.Errorf(store.Conflict, "others are merging tickets; try again")
}

// lowestPosition returns the lowest position of a message on a ticket, at most 0.
func (d *DB) lowestPosition(ctx context.Context, ticket store.ID) (int, error) {
	found, err := d.ticketMessages.Find(ctx, store.Query{
		Where: store.And(store.Eq("ticket_id", ticket), store.Compare(store.OpLt, "position", 0)),
		Sort:  []store.Sort{{Field: "position"}, {Field: "_id"}}, Limit: 1, Fields: TicketMessages.Select("position"),
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].Position, nil
}

// moveMessages moves the messages of a merged ticket to the one that it was merged into, and on if that has been merged meanwhile.
func (d *DB) moveMessages(ctx context.Context, actor auth.Scope, from *Ticket) error {
	for from.MergedIntoID != nil {
		into, err := d.tickets.Get(ctx, auth.SystemScope(), *from.MergedIntoID)
		if err != nil {
			return ignoreNotFound(err)
		}
		if err := d.moveMessagesTo(ctx, actor, from, into); err != nil {
			return err
		}
		if from, err = d.tickets.Get(ctx, auth.SystemScope(), into.ID); err != nil {
			return ignoreNotFound(err)
		}
	}
	return nil
}

func (d *DB) moveMessagesTo(ctx context.Context, actor auth.Scope, from, into *Ticket) error {
	if err := d.moveFiles(ctx, actor, from, into); err != nil {
		return err
	}
	for {
		messages, err := d.ticketMessages.Find(ctx, store.Query{
			Where: store.Eq("ticket_id", from.ID), Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: sweepBatch,
		})
		if err != nil || len(messages) == 0 {
			return err
		}
		lowest, err := d.lowestPosition(ctx, into.ID)
		if err != nil {
			return err
		}
		for _, message := range messages {
			if lowest, err = d.moveMessage(ctx, actor, message, from, into, lowest); err != nil {
				return err
			}
		}
	}
}

// moveFiles moves the attachments of a merged ticket, those of its request to the message that this has become, and the mails that came.
func (d *DB) moveFiles(ctx context.Context, actor auth.Scope, from, into *Ticket) error {
	own := store.And(store.Eq("ticket_id", from.ID), store.IsNull("message_id"))
	request := []store.Assignment{{Field: "message_id", Value: requestID(from.ID)}}
	if _, err := d.attachments.AssignAll(ctx, actor, entity.Updated, own, request); err != nil {
		return err
	}
	set := append(Tickets.Assignments(into, "customer_id", "interaction_user_id", "interaction_internal", "assignee_id", "queue"),
		store.Assignment{Field: "ticket_id", Value: into.ID})
	if _, err := d.attachments.AssignAll(ctx, actor, entity.Updated, store.Eq("ticket_id", from.ID), set); err != nil {
		return err
	}
	_, err := d.receivedMails.Each(ctx, store.Eq("ticket_id", from.ID), func(mail *ReceivedMail) error {
		return ignoreNotFound(d.receivedMails.Assign(ctx, mail.ID, store.Filter{}, []store.Assignment{{Field: "ticket_id", Value: into.ID}}))
	})
	return err
}

// requestID returns the id of the message that the request of a merged ticket becomes.
func requestID(ticket store.ID) store.ID { return store.DerivedID("request of", ticket.String()) }

// moveMessage moves a message that a merged ticket has, and returns the lowest position then. One that hasn't been applied to that ticket,
// because it was written while the tickets were merged, becomes the last one of the other.
func (d *DB) moveMessage(ctx context.Context, actor auth.Scope, message *TicketMessage, from, into *Ticket, lowest int) (int, error) {
	unapplied := message.Visibility == MessagePublic && message.Position > from.appliedMessages
	for range writeTries {
		last := new(TicketMessage)
		if unapplied {
			var err error
			if last, err = d.lastMessage(ctx, ownOf(into.ID)); err != nil {
				return 0, err
			}
		}
		_, err := d.ticketMessages.Follow(ctx, actor, message.ID, func(next *TicketMessage) (string, error) {
			switch {
			case next.TicketID != from.ID: // another process has moved it
			case unapplied:
				next.follow(into, last, next.CreatedAt)
			default:
				next.belongTo(into)
				next.Position = lowest - 1
			}
			return verbMerged, nil
		})
		if !entity.IsTaken(err, "position") {
			return lowest - 1, ignoreNotFound(err)
		}
		if lowest, err = d.lowestPosition(ctx, into.ID); err != nil {
			return 0, err
		}
	}
	return 0, store.Errorf(store.Conflict, "others are writing to the ticket; try again")
}

// followMerge applies the merge that an event reports, unless that has happened already.
func (d *DB) followMerge(ctx context.Context, event *store.Event) error {
	if event.Type != EventTicketMergeCreated {
		return nil
	}
	data, err := DecodeEvent(event)
	merge, ok := data.Entity.(*TicketMerge)
	if err != nil || !ok {
		return nil //nolint:nilerr // an event that can't be decoded is reported by those who announce it
	}
	return d.applyMerge(ctx, auth.Scope{Role: auth.Role(event.ActorRole), Account: event.Actor}, merge)
}
