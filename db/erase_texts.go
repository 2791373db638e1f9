package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// eraseTextsBy erases the titles and descriptions of a customer's tickets, as far as the customer wrote them, the customer's
// messages, and their files, and marks the tickets as those of a customer who is gone. It writes no events, which would contain the
// texts; those of earlier events are erased by EraseDeleted.
func (d *DB) eraseTextsBy(ctx context.Context, customer store.ID) error {
	if err := d.eraseMessagesBy(ctx, customer); err != nil {
		return fmt.Errorf("cannot erase the messages of a customer: %w", err)
	}
	if err := d.eraseCopiesOn(ctx, customer); err != nil {
		return fmt.Errorf("cannot erase to whom messages were copied: %w", err)
	}
	if err := d.removeAttachmentsBy(ctx, customer); err != nil {
		return err
	}
	query := store.Query{Where: store.Eq("customer_id", customer), Sort: []store.Sort{{Field: "_id"}}, Limit: sweepBatch}
	for {
		tickets, err := d.ticketsToErase(ctx, query)
		if err != nil {
			return err
		}
		for _, ticket := range tickets {
			if err := errors.Join(d.eraseTextsIn(ctx, ticket), d.eraseMailOn(ctx, ticket.ID)); err != nil {
				return fmt.Errorf("cannot erase the texts of a ticket: %w", err)
			}
		}
		if len(tickets) < query.Limit {
			return nil
		}
		query.After = []any{tickets[len(tickets)-1].ID}
	}
}

// writtenBy matches the messages that a customer wrote, and the attachments that a customer attached.
func writtenBy(customer store.ID) store.Filter {
	return store.And(store.Eq("customer_id", customer), store.IsNull("author_id"))
}

func (d *DB) eraseMessagesBy(ctx context.Context, customer store.ID) error {
	legible := store.And(writtenBy(customer), store.Compare(store.OpNe, "body_text", entity.ErasedText))
	_, err := d.ticketMessages.Each(ctx, legible, func(message *TicketMessage) error {
		message.BodyText, message.Edits = entity.ErasedText, ""
		fields := []string{"body_text", "body_text_key", "edits"}
		if message.External() != nil {
			message.ExternalEmail, message.ExternalName = "", entity.ErasedText
			fields = append(fields, "external_email", "external_name")
		}
		message.SetKeys(d.entities.Keys)
		return ignoreNotFound(d.ticketMessages.Assign(ctx, message.ID, store.Filter{}, TicketMessages.Assignments(message, fields...)))
	})
	return err
}

// eraseMailOn erases what is kept of the mails that came about a ticket.
func (d *DB) eraseMailOn(ctx context.Context, ticket store.ID) error {
	legible := store.And(store.Eq("ticket_id", ticket), store.Compare(store.OpNe, "subject", entity.ErasedText))
	_, err := d.receivedMails.Each(ctx, legible, func(mail *ReceivedMail) error {
		mail.FromEmail, mail.FromName, mail.Subject, mail.HTML = "", "", entity.ErasedText, ""
		mail.SetKeys(d.entities.Keys)
		set := ReceivedMails.Assignments(mail, "from_email", "from_name", "subject", "html", "from_key")
		return ignoreNotFound(d.receivedMails.Assign(ctx, mail.ID, store.Filter{}, set))
	})
	return err
}

// eraseTextsIn erases the texts of a ticket that its customer was the last to write, and to whom the ticket was copied. The log must have
// all events up to when the ticket was read. If somebody changes the ticket meanwhile, who wrote its texts is looked up again.
func (d *DB) eraseTextsIn(ctx context.Context, ticket *Ticket) error {
	for range writeTries {
		events, err := d.Log.Find(ctx, store.Eq("entity_id", ticket.ID), 0, 0, 0)
		if err != nil {
			return err
		}
		err = d.tickets.Assign(ctx, ticket.ID, entity.AtVersion(ticket.Version), d.erasedTexts(ticket, events))
		if store.CodeOf(err) != store.NotFound {
			return err
		}
		found, err := d.ticketsToErase(ctx, store.Query{Where: store.Eq("_id", ticket.ID), Limit: 1})
		if err != nil || len(found) == 0 {
			return err
		}
		ticket = found[0]
	}
	return store.Errorf(store.Conflict, "a ticket is being changed by others; try again")
}

// ticketsToErase reads tickets, and then moves the events of all that was written to them into the log: an engine may keep these in
// the tickets until then.
func (d *DB) ticketsToErase(ctx context.Context, query store.Query) ([]*Ticket, error) {
	tickets, err := d.tickets.Find(ctx, query)
	if err != nil {
		return nil, err
	}
	return tickets, d.moveEvents(ctx)
}

// erasedTexts erases what eraseTextsIn does, and returns the assignments of that. What somebody else wrote isn't assigned.
func (d *DB) erasedTexts(ticket *Ticket, events []*store.Event) []store.Assignment {
	fields := []string{"copied_to", "customer_gone", "waiting_since"}
	ticket.CopiedTo, ticket.customerGone, ticket.WaitingSince = "", true, nil
	for field, text := range map[string]*string{"title": &ticket.Title, "description": &ticket.Description} {
		if writtenByCustomer(events, field) {
			*text = entity.ErasedText
			fields = append(fields, field)
		}
	}
	ticket.SetKeys(d.entities.Keys)
	for _, key := range Tickets.KeyFields {
		if slices.Contains(fields, key.Of) {
			fields = append(fields, key.Name)
		}
	}
	return Tickets.Assignments(ticket, fields...)
}

// writtenByCustomer reports whether a customer was the last to write a field of a ticket with these events. Without an event
// that says who did, such as for a ticket of the old application, the customer counts as the writer.
func writtenByCustomer(events []*store.Event, field string) bool {
	last := lastWriting(events, field)
	return last == nil || last.ActorRole == string(auth.Customer)
}

// lastWriting returns the last of a ticket's events with which somebody wrote a field, nil if there is none.
func lastWriting(events []*store.Event, field string) (last *store.Event) {
	for _, event := range events {
		data, err := DecodeEvent(event)
		if event.Type == EventTicketCreated || (err == nil && slices.Contains(data.Changed, field)) {
			last = event
		}
	}
	return last
}

// ticketsBy returns the tickets of a customer that have, or once had, texts or messages by the customer: their events contain these, even if
// somebody has rewritten them since.
func (d *DB) ticketsBy(ctx context.Context, customer store.ID) ([]store.ID, error) {
	tickets, err := d.tickets.Find(ctx, store.Query{Where: store.Eq("customer_id", customer), Fields: Tickets.Select("title", "description")})
	if err != nil {
		return nil, err
	}
	messages, err := d.ticketMessages.Find(ctx, store.Query{Where: writtenBy(customer), Fields: TicketMessages.Select("ticket_id")})
	if err != nil {
		return nil, err
	}
	var found []store.ID
	for _, message := range messages { // their mail has their texts
		if !slices.Contains(found, message.TicketID) {
			found = append(found, message.TicketID)
		}
	}
	for some := range slices.Chunk(tickets, sweepBatch) {
		ids := make([]store.ID, len(some))
		for i, ticket := range some {
			ids[i] = ticket.ID
		}
		events, err := d.Log.Find(ctx, store.And(
			store.In("entity_id", ids), store.Or(store.Eq("actor_id", customer), store.Eq("type", EventTicketCreated)),
		), 0, 0, 0)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !slices.Contains(found, id) && wrote(customer, id, events) {
				found = append(found, id)
			}
		}
	}
	return found, nil
}

// wrote reports whether a customer wrote a text of a ticket, given the events of its creation and of the customer's changes. A
// ticket without an event of its creation, such as one of the old application, counts as the customer's.
func wrote(customer, ticket store.ID, events []*store.Event) bool {
	created := false
	for _, event := range events {
		if event.Entity != ticket {
			continue
		}
		created = created || event.Type == EventTicketCreated
		data, err := DecodeEvent(event)
		changed := err == nil && (slices.Contains(data.Changed, "title") || slices.Contains(data.Changed, "description"))
		if event.Actor == customer && (changed || event.Type == EventTicketCreated) {
			return true
		}
	}
	return !created
}
