package db

import (
	"cmp"
	"context"
	"math"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

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

// moveMessages moves the messages of a merged ticket to the one that it was merged into, and on if that has been merged meanwhile. A last
// change of that ticket tells those who read it when the merge was reported that all messages are there now.
func (d *DB) moveMessages(ctx context.Context, actor auth.Scope, from *Ticket) error {
	moved := make(map[store.ID]bool)
	for from.MergedIntoID != nil {
		if moved[from.ID] {
			return errMergedInACycle(from.ID)
		}
		moved[from.ID] = true
		into, err := d.tickets.Get(ctx, auth.SystemScope(), *from.MergedIntoID)
		if err != nil {
			return ignoreNotFound(err)
		}
		number, err := d.moveMessagesTo(ctx, actor, from, into)
		if err != nil {
			return ignoreNotFound(err)
		}
		from, err = d.tickets.Follow(ctx, actor, into.ID, func(next *Ticket) (string, error) {
			next.movedMessages += number
			return verbMerged, nil
		})
		if err != nil {
			return ignoreNotFound(err)
		}
	}
	return nil
}

// moveMessagesTo moves all that belongs to a merged ticket to the other one, and returns how many messages it has moved.
func (d *DB) moveMessagesTo(ctx context.Context, actor auth.Scope, from, into *Ticket) (number int, err error) {
	if err := d.moveFiles(ctx, actor, from, into); err != nil {
		return 0, err
	}
	if err := d.moveDrafts(ctx, from.ID, into.ID); err != nil {
		return 0, err
	}
	if err := d.moveLinks(ctx, from.ID, into.ID); err != nil {
		return 0, err
	}
	if err := d.moveTags(ctx, from.ID, into.ID); err != nil {
		return 0, err
	}
	for {
		messages, err := d.ticketMessages.Find(ctx, store.Query{
			Where: store.Eq("ticket_id", from.ID), Limit: sweepBatch,
			Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}},
		})
		if err != nil || len(messages) == 0 {
			return number, err
		}
		lowest, err := d.lowestPosition(ctx, into.ID)
		if err != nil {
			return number, err
		}
		// First those that become the last ones there, in their order; of the others, each gets the lowest position.
		slices.SortStableFunc(messages, func(a, b *TicketMessage) int {
			return cmp.Compare(from.yetToApply(a), from.yetToApply(b))
		})
		for _, message := range messages {
			if lowest, err = d.moveMessage(ctx, actor, message, from, into, lowest); err != nil {
				return number, err
			}
			number++
		}
	}
}

// moveFiles moves the attachments of a merged ticket, those of its request to the message that this has become, and the mails that came.
func (d *DB) moveFiles(ctx context.Context, actor auth.Scope, from, into *Ticket) error {
	own := store.And(store.Eq("ticket_id", from.ID), store.IsNull("message_id"))
	request := []store.Assignment{{Field: "message_id", Value: requestID(from)}}
	if _, err := d.attachments.AssignAll(ctx, actor, entity.Updated, own, request); err != nil {
		return err
	}
	if err := d.moveAttachments(ctx, actor, store.Eq("ticket_id", from.ID), into); err != nil {
		return err
	}
	_, err := d.receivedMails.Each(ctx, store.Eq("ticket_id", from.ID), func(mail *ReceivedMail) error {
		return ignoreNotFound(d.receivedMails.Assign(ctx, mail.ID, store.Filter{}, []store.Assignment{{Field: "ticket_id", Value: into.ID}}))
	})
	return err
}

// moveAttachments moves the attachments that match to a ticket.
func (d *DB) moveAttachments(ctx context.Context, actor auth.Scope, where store.Filter, into *Ticket) error {
	set := append(Tickets.Assignments(into, "customer_id", "interaction_user_id", "interaction_internal", "assignee_id", "queue"),
		store.Assignment{Field: "ticket_id", Value: into.ID})
	_, err := d.attachments.AssignAll(ctx, actor, entity.Updated, where, set)
	return err
}

// yetToApply returns the position of a message that hasn't been applied to the ticket, because it was written while that was merged; and
// of any other the highest number.
func (t *Ticket) yetToApply(m *TicketMessage) int {
	if m.Visibility == MessagePublic && m.Position > t.appliedMessages {
		return m.Position
	}
	return math.MaxInt
}

// moveMessage moves a message that a merged ticket has, and returns the lowest position then. One that hasn't been applied to that ticket,
// because it was written while the tickets were merged, becomes the last one of the other.
func (d *DB) moveMessage(ctx context.Context, actor auth.Scope, message *TicketMessage, from, into *Ticket, lowest int) (int, error) {
	unapplied := from.yetToApply(message) < math.MaxInt
	for range writeTries {
		last := new(TicketMessage)
		if unapplied {
			var err error
			if last, err = d.lastMessage(ctx, ownOf(into.ID)); err != nil {
				return 0, err
			}
			if into, err = d.tickets.Get(ctx, auth.SystemScope(), into.ID); err != nil { // after the last message, for its next position
				return 0, err
			}
		}
		_, err := d.ticketMessages.Follow(ctx, actor, message.ID, func(next *TicketMessage) (string, error) {
			switch {
			case next.TicketID != from.ID: // another process has moved it
			case unapplied:
				next.follow(into, into.nextPosition(last), last, next.CreatedAt)
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
