package resolvers

import (
	"context"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/entity"
	"crm/db/store"
)

// messageMail returns the id of the mail that a message came by, which is the message's; ok is false if it came otherwise.
func messageMail(obj *db.TicketMessage) (id store.ID, ok bool) {
	return obj.ID, obj.Channel == db.ChannelEmail
}

// ticketMail returns the id of the mail that raised a ticket, which is the ticket's; ok is false if none did.
func ticketMail(obj *db.Ticket) (id store.ID, ok bool) { return obj.ID, obj.ByMail }

// Source resolves TicketMessage.source.
func (r ticketMessageResolver) Source(ctx context.Context, obj *db.TicketMessage) (*db.ReceivedMail, error) {
	return reference(ctx, obj, r.db.ReceivedMails.Only(db.MailEnvelope()), messageMail)
}

// Source resolves Ticket.source.
func (r ticketResolver) Source(ctx context.Context, obj *db.Ticket) (*db.ReceivedMail, error) {
	return reference(ctx, obj, r.db.ReceivedMails.Only(db.MailEnvelope()), ticketMail)
}

// BodyHTML resolves TicketMessage.bodyHtml.
func (r ticketMessageResolver) BodyHTML(ctx context.Context, obj *db.TicketMessage, remoteImages bool) (*string, error) {
	return htmlOf(ctx, obj, r.db.ReceivedMails, messageMail, remoteImages)
}

// DescriptionHTML resolves Ticket.descriptionHtml.
func (r ticketResolver) DescriptionHTML(ctx context.Context, obj *db.Ticket, remoteImages bool) (*string, error) {
	return htmlOf(ctx, obj, r.db.ReceivedMails, ticketMail, remoteImages)
}

// htmlOf returns the HTML of a mail, nil if there is none. Whoever sees what the mail has become may read it.
func htmlOf[T any](
	ctx context.Context, obj *T, mails *entity.Reader[db.ReceivedMail], idIn func(*T) (store.ID, bool), remoteImages bool,
) (*string, error) {
	id, ok := idIn(obj)
	if !ok {
		return nil, nil //nolint:nilnil // the schema says that it is null
	}
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID]*db.ReceivedMail](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(docs []*T) (map[store.ID]*db.ReceivedMail, error) {
			return mails.Only(db.ReceivedMails.Select("html")).ByID(ctx, auth.SystemScope(), idsOf(docs, idIn))
		})
	}
	found, err := read()
	if err != nil || found[id] == nil || found[id].HTML == "" {
		return nil, err
	}
	page := found[id].HTML
	if remoteImages {
		page = strings.ReplaceAll(page, " data-remote-src=", " src=")
	}
	return &page, nil
}
