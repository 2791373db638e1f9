package db

import (
	"context"
	"errors"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// NewReply is the data of a public message.
type NewReply struct {
	BodyText string
	// Attachments are uploads of the author.
	Attachments []store.ID
	// Cc are addresses that get a copy by mail.
	Cc []string
	// InReplyTo is the message on the ticket that it answers, nil for none.
	InReplyTo *store.ID
	// Status is the status to which it moves the ticket; nil leaves that to the rules in Ticket.apply.
	Status *TicketStatus
	// ExpectedVersion is the version of the ticket that the author knows, nil if any will do.
	ExpectedVersion *int
	// ExpectedLast is the last message that the author knows: a pointer to nil if there was none, nil if any will do.
	ExpectedLast **store.ID
}

// ReplyToTicket writes a message between the customer and the staff, and moves the ticket. A message is one write, with the
// status that it moves the ticket to; see applyMessages. It returns the ticket as well.
func (d *DB) ReplyToTicket(ctx context.Context, scope auth.Scope, id store.ID, in NewReply) (*TicketMessage, *Ticket, error) {
	message := &TicketMessage{TicketID: id, InReplyToID: in.InReplyTo, Visibility: MessagePublic, uploads: in.Attachments}
	var problems Problems
	copies := problems.copies("cc", in.Cc)
	if err := problems.inInput(); err != nil {
		return nil, nil, err
	}
	var found *Ticket
	err := d.writeMessage(ctx, scope, message, in.BodyText, func(ticket *Ticket) error {
		found = ticket
		if err := ticket.Permit(scope, ReplyToTicket); err != nil {
			return err
		}
		if err := d.tickets.ExpectVersion(ticket, in.ExpectedVersion); err != nil {
			return err
		}
		if in.Status != nil {
			message.MovesTo = *in.Status
			if err := ticket.checkMove(scope, *in.Status); err != nil {
				return err
			}
		}
		if err := d.copyTo(ctx, scope, ticket, message, copies); err != nil {
			return err
		}
		return d.expectLast(ctx, scope, ticket, in.ExpectedLast)
	})
	if err != nil {
		return nil, nil, err
	}
	ctx = context.WithoutCancel(ctx)
	ticket, err := d.applyMessages(ctx, scope, message.TicketID)
	switch {
	case store.CodeOf(err) == store.NotFound: // deleted meanwhile, and so has to be the message
		return nil, nil, errors.Join(d.Tickets.NotFound(), ignoreNotFound(d.removeMessage(ctx, scope, message)))
	case err != nil: // the ticket is brought up to date when the message's event is planned
		d.logFailure(ctx, "cannot give a ticket yet what follows from a message", err)
		return message, found, nil
	}
	return message, d.seenBy(scope, ticket), nil // others may have assigned it meanwhile
}

// NewNote is the data of a message that only staff see.
type NewNote struct {
	BodyText string
	// Attachments are uploads of the author.
	Attachments []store.ID
	// InReplyTo is the message on the ticket that it is about, nil for none.
	InReplyTo *store.ID
}

// AddTicketNote writes a message that only staff see; only they may.
func (d *DB) AddTicketNote(ctx context.Context, scope auth.Scope, id store.ID, in NewNote) (*TicketMessage, error) {
	message := &TicketMessage{TicketID: id, InReplyToID: in.InReplyTo, Visibility: MessageInternal, uploads: in.Attachments}
	err := d.writeMessage(ctx, scope, message, in.BodyText, func(ticket *Ticket) (err error) {
		if err := ticket.Permit(scope, AddTicketNote); err != nil {
			return err
		}
		message.Mentions, err = d.mentionsIn(ctx, ticket, message.BodyText)
		return err
	})
	if err != nil {
		return nil, err
	}
	return message, nil
}

// writeTries is how often a message is written while others write to the ticket.
const writeTries = 20

// writeMessage completes and writes a message by the scope's account on a ticket that the scope sees, after its attachments. check is
// called with the ticket before each try; if nobody has written another message after that, the message is written.
func (d *DB) writeMessage(ctx context.Context, scope auth.Scope, message *TicketMessage, text string, check func(*Ticket) error) error {
	var problems Problems
	message.ID, message.Channel, message.Version = store.NewID(), ChannelAPI, 1
	message.BodyText = problems.requiredText("body", text)
	if err := problems.inInput(); err != nil {
		return err
	}
	if scope.IsStaff() {
		author := store.ID(scope.Account)
		message.AuthorID = &author
	}
	if answered := message.InReplyToID; answered != nil {
		_, err := d.TicketMessages.Single(ctx, scope, store.And(store.Eq("_id", *answered), store.Eq("ticket_id", message.TicketID)))
		if err != nil {
			return atField("input.inReplyToId", err)
		}
	}
	attached := len(message.uploads) == 0
	err := d.writeNext(ctx, scope, message, func(ticket *Ticket) (again bool, err error) {
		if err := check(ticket); err != nil || attached {
			return false, err
		}
		err = d.attach(ctx, scope, ticket, message, message.uploads)
		attached = err == nil
		return true, err
	})
	if attached && store.IsRefusal(err) { // else the message may have been written; if not, the sweeper removes its attachments
		return errors.Join(err, d.detach(ctx, scope, message.uploads))
	}
	return err
}

// writeNext writes a message after the last one on its ticket. check is called with the ticket before each try; it says whether it has taken
// long, so that others may have written to the ticket meanwhile, and deleted what they have written.
func (d *DB) writeNext(ctx context.Context, scope auth.Scope, message *TicketMessage, check func(*Ticket) (again bool, err error)) error {
	for range writeTries {
		last, err := d.lastMessage(ctx, ownOf(message.TicketID))
		if err != nil {
			return err
		}
		ticket, err := d.CurrentTicket(ctx, d.Tickets, scope, message.TicketID) // after the last message, so that a position is never used again
		if err != nil {
			return err
		}
		if ticket.ID != message.TicketID { // it has been merged
			if err := d.moveAttachments(ctx, scope, store.Eq("message_id", message.ID), ticket); err != nil {
				return err
			}
			message.TicketID = ticket.ID
			continue
		}
		if again, err := check(ticket); err != nil {
			return err
		} else if again {
			continue
		}
		position, latest := ticket.nextPosition(last), last
		if position > last.Position+1 { // the last message has been deleted, or another one written before the ticket was read
			if latest, err = d.lastMessage(ctx, ownOf(ticket.ID)); err != nil {
				return err
			}
		}
		if latest.Position >= position {
			continue
		}
		message.follow(ticket, position, latest, d.now())
		err = d.ticketMessages.Create(ctx, scope, message)
		if err == nil {
			d.logFailure(ctx, "cannot delete the draft of a message", d.deleteDraftOf(context.WithoutCancel(ctx), message))
			return nil
		}
		if !entity.IsTaken(err, "position") {
			return err
		}
	}
	return store.Errorf(store.Conflict, "others are writing to the ticket; try again")
}

// nextPosition returns the position after last, the last message that was found before the ticket was read, and after all messages that
// have been applied to the ticket, since one that isn't after them would never be.
func (t *Ticket) nextPosition(last *TicketMessage) int {
	return max(last.Position, t.appliedMessages) + 1
}

// follow makes a new message the one at a position on a ticket, after the last message. Its time is later than that one's, so that the order
// of times is that of positions, and than those at which the ticket was raised and moved, even if a clock that was ahead has set these:
// what was decided before a message doesn't keep it from having an effect.
func (m *TicketMessage) follow(ticket *Ticket, position int, last *TicketMessage, now time.Time) {
	m.belongTo(ticket)
	m.Position = position
	for _, before := range []time.Time{last.CreatedAt, ticket.CreatedAt, valueOf(ticket.movedAt)} {
		if !now.After(before) {
			now = before.Add(time.Millisecond)
		}
	}
	m.CreatedAt, m.UpdatedAt = now, now
}

// belongTo makes a message one on a ticket.
func (m *TicketMessage) belongTo(ticket *Ticket) {
	m.TicketID, m.CustomerID, m.InteractionUserID = ticket.ID, ticket.CustomerID, ticket.InteractionUserID
	m.InteractionInternal, m.AssigneeID, m.Queue = ticket.InteractionInternal, ticket.AssigneeID, ticket.Queue
}

// ownOf matches the messages that were written on a ticket, in contrast to those of tickets that were merged into it.
func ownOf(ticket store.ID) store.Filter {
	return store.And(store.Eq("ticket_id", ticket), store.Compare(store.OpGt, "position", 0))
}

// lastMessage returns the last of the messages that match; it has no id if there is none.
func (d *DB) lastMessage(ctx context.Context, where store.Filter) (*TicketMessage, error) {
	found, err := d.ticketMessages.Find(ctx, store.Query{
		Where: where, Sort: []store.Sort{{Field: "created_at", Desc: true}, {Field: "_id", Desc: true}}, Limit: 1,
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return new(TicketMessage), nil
	}
	return found[0], nil
}

// visibleOn matches the messages on a ticket that a scope sees, provided that it sees the ticket.
func visibleOn(scope auth.Scope, ticket store.ID) store.Filter {
	if scope.IsStaff() {
		return store.Eq("ticket_id", ticket)
	}
	return store.And(store.Eq("ticket_id", ticket), store.Eq("visibility", string(MessagePublic)))
}

// expectLast returns a CONFLICT if the last message that the scope sees is another one than expected.
func (d *DB) expectLast(ctx context.Context, scope auth.Scope, ticket *Ticket, expected **store.ID) error {
	if expected == nil {
		return nil
	}
	last, err := d.lastMessage(ctx, visibleOn(scope, ticket.ID))
	switch {
	case err != nil:
		return err
	case *expected == nil && last.ID.IsZero(), *expected != nil && **expected == last.ID:
		return nil
	case last.ID.IsZero():
		return store.FieldError(store.Conflict, "input.expectedLastMessageId", "there is no message any more")
	}
	return store.FieldError(store.Conflict, "input.expectedLastMessageId", "the last message is another one now: %s", last.GlobalID())
}

// EditTicketMessage changes the text of a message; only its author may, and only for some minutes. Admins see the texts before.
func (d *DB) EditTicketMessage(ctx context.Context, scope auth.Scope, id store.ID, expected *int, text string) (*TicketMessage, error) {
	return d.ticketMessages.Update(ctx, scope, id, expected, func(next *TicketMessage) (string, error) {
		if err := next.Permit(scope, EditMessage); err != nil {
			return "", err
		}
		var problems Problems
		text := problems.requiredText("body", text)
		if err := problems.inInput(); err != nil || text == next.BodyText {
			return entity.Updated, err
		}
		return entity.Updated, next.edit(text, d.now())
	})
}

// DeleteTicketMessage deletes a message: an admin may delete any, its author only for some minutes. What followed from the
// message, such as the ticket's status, stays.
func (d *DB) DeleteTicketMessage(ctx context.Context, scope auth.Scope, id store.ID, expected *int) error {
	message, err := d.TicketMessages.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := message.Permit(scope, DeleteMessage); err != nil {
		return err
	}
	if err := d.ticketMessages.ExpectVersion(message, expected); err != nil {
		return err
	}
	return d.removeMessage(ctx, scope, message)
}

// removeMessage deletes a message and then its attachments, so that there is never a message without them. If that is interrupted,
// followAttachment completes it.
func (d *DB) removeMessage(ctx context.Context, scope auth.Scope, message *TicketMessage) error {
	if err := d.ticketMessages.Remove(ctx, scope, message); err != nil {
		return err
	}
	return d.removeAttachments(ctx, scope, store.Eq("message_id", message.ID))
}
