package db

import (
	"context"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// moveRequest writes what a ticket that is being merged asks for as a message of whoever wrote it, at the time when that ticket was
// raised. Nobody is mailed.
func (d *DB) moveRequest(ctx context.Context, actor auth.Scope, from, into *Ticket) error {
	message, err := d.requestOf(ctx, from)
	if err != nil || message.BodyText == "" {
		return err
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
		if entity.IsTaken(err, "_id") { // the ticket has changed since, or this was interrupted
			_, err = silent.ticketMessages.Follow(ctx, actor, message.ID, func(next *TicketMessage) (string, error) {
				next.BodyText, next.AuthorID, next.EditedAt = message.BodyText, message.AuthorID, message.EditedAt
				next.Verification, next.Automatic = message.Verification, message.Automatic
				return entity.Updated, nil
			})
			return ignoreNotFound(err)
		}
		if !entity.IsTaken(err, "position") {
			return err
		}
	}
	return store.Errorf(store.Conflict, "others are merging tickets; try again")
}

// requestOf returns what a ticket asks for as a message, which has no text if that is empty.
func (d *DB) requestOf(ctx context.Context, from *Ticket) (*TicketMessage, error) {
	text, author, err := d.requestText(ctx, from)
	if err != nil {
		return nil, err
	}
	message := &TicketMessage{
		ID: requestID(from), Visibility: MessagePublic, Channel: from.Channel(), BodyText: text, AuthorID: author, CopiedTo: from.CopiedTo,
		Version: 1, CreatedAt: from.CreatedAt, UpdatedAt: from.CreatedAt,
	}
	if from.ByMail && message.ByCustomer() {
		mail, found, err := d.Received(ctx, from.ID)
		if err != nil {
			return nil, err
		}
		if found {
			message.Verification, message.Automatic = mail.Verification, mail.Automatic != ""
		}
	}
	if from.Rewritten { // its text isn't that of its mail any more
		message.EditedAt = &from.UpdatedAt
	}
	return message, nil
}

// requestText returns what a ticket asks for, and the user who wrote it, nil if its customer did. A title that the other side wrote is
// left out: it would count as said by whoever wrote the description, who could then change it.
func (d *DB) requestText(ctx context.Context, from *Ticket) (text string, author *store.ID, err error) {
	if err := d.moveEvents(ctx); err != nil { // the ticket may have been raised a moment ago
		return "", nil, err
	}
	events, err := d.Log.Find(ctx, store.Eq("entity_id", from.ID), 0, 0, 0)
	if err != nil {
		return "", nil, err
	}
	text, title := strings.TrimSpace(from.Description), strings.TrimSpace(from.Title)
	field := "description"
	switch {
	case text == "":
		text, field = title, "title"
	case title != titleOf(from.Description) && writtenByCustomer(events, "title") == writtenByCustomer(events, "description"):
		text = title + "\n\n" + from.Description
	default:
		text = from.Description
	}
	if writtenByCustomer(events, field) {
		return text, nil, nil
	}
	return text, new(lastWriting(events, field).Actor), nil
}

// requestID returns the id of the message that the request of a merged ticket becomes: that of the mail that raised it, by which this is
// found, or else a derived one.
func requestID(ticket *Ticket) store.ID {
	if ticket.ByMail {
		return ticket.ID
	}
	return store.DerivedID("request of", ticket.ID.String())
}
