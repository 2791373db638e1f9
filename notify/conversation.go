package notify

import (
	"context"
	"strings"

	"crm/db"
	"crm/notify/mail"
)

// converse completes what is known about a recipient of a message about a ticket, if that can be answered by mail.
func (d *dispatcher) converse(ctx context.Context, delivery *db.Delivery, to *recipient) error {
	inbox := d.composer.config.Inbox
	if !inbox.IsSet() || !isConversation(delivery) {
		return nil
	}
	to.inbox = inbox.With(d.db.ReplyToken(delivery.EntityID, delivery.Account))
	answered, err := d.db.LastMailFrom(ctx, delivery.EntityID, delivery.Recipient)
	to.answers = answered
	return err
}

// isConversation reports whether a delivery is about a ticket that it makes sense to answer about. An answer to a note goes to its
// author, and not to the ticket, where the customer would read it.
func isConversation(delivery *db.Delivery) bool {
	return strings.HasPrefix(delivery.EventType, "ticket") && !db.IsDeletion(delivery.EventType) && delivery.News != newsMentioned
}

// isWritten reports whether a delivery brings what a person wrote on a ticket. What programs wrote is mailed to nobody.
func isWritten(delivery *db.Delivery) bool { return delivery.EventType == db.EventTicketMessageCreated }

// mailOf returns the message that a delivery holds. All messages about a record are in one thread, whose first message has an id
// that derives from the record, and doesn't exist. Where the recipient has written about it by mail, the message answers that.
func (d *dispatcher) mailOf(delivery *db.Delivery, to recipient) *mail.Message {
	_, domain, _ := strings.Cut(delivery.MessageID, "@")
	m := &mail.Message{
		ID: delivery.MessageID, Thread: delivery.EntityID.String() + "@" + domain, Answers: to.answers,
		Recipient: delivery.Recipient, RecipientName: delivery.RecipientName, ReplyTo: to.replyTo.Email, ReplyToName: to.replyTo.Name,
		Subject: delivery.Subject, Text: revealed(delivery.Text, to.token), HTML: revealed(delivery.HTML, to.token), Date: delivery.CreatedAt,
		ByPerson: isWritten(delivery),
	}
	if to.inbox != "" {
		m.ReplyTo, m.ReplyToName, m.KeepReplyTo = to.inbox, d.composer.config.AppName, true
	}
	return m
}
