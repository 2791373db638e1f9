package resolvers

import (
	"context"
	"html"
	"maps"
	"slices"
	"strings"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/graph"
)

type messageSourceResolver struct{ *Resolver }

// MessageSource returns the resolvers of the fields of this type.
func (r *Resolver) MessageSource() graph.MessageSourceResolver { return messageSourceResolver{r} }

// messageMail returns the id of the mail that a message came by, which is the message's; ok is false if it came otherwise.
func messageMail(obj *db.TicketMessage) (id store.ID, ok bool) {
	return obj.ID, obj.Channel == db.ChannelEmail
}

// ticketMail returns the id of the mail that raised a ticket, which is the ticket's; ok is false if none did.
func ticketMail(obj *db.Ticket) (id store.ID, ok bool) { return obj.ID, obj.ByMail }

// Source resolves TicketMessage.source.
func (r ticketMessageResolver) Source(ctx context.Context, obj *db.TicketMessage) (*db.ReceivedMail, error) {
	return sourceOf(ctx, r.db, obj, messageMail)
}

// Source resolves Ticket.source.
func (r ticketResolver) Source(ctx context.Context, obj *db.Ticket) (*db.ReceivedMail, error) {
	return sourceOf(ctx, r.db, obj, ticketMail)
}

// sourceOf returns the mail by which a message or a ticket came, for staff who see that. Only admins see mails themselves.
func sourceOf[T any](ctx context.Context, d *db.DB, obj *T, idIn func(*T) (store.ID, bool)) (*db.ReceivedMail, error) {
	id, ok := idIn(obj)
	if !ok || scopeOf(ctx).Role == auth.Customer {
		return nil, nil //nolint:nilnil // the schema says that it is null
	}
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[map[store.ID]*db.ReceivedMail](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(docs []*T) (map[store.ID]*db.ReceivedMail, error) {
			mails, err := d.ReceivedMails.Only(db.MailEnvelope()).ByID(ctx, auth.SystemScope(), idsOf(docs, idIn))
			addBatch(ctx, slices.Collect(maps.Values(mails)))
			return mails, err
		})
	}
	found, err := read()
	return found[id], err
}

// Raw resolves MessageSource.raw.
func (r messageSourceResolver) Raw(ctx context.Context, obj *db.ReceivedMail) (*db.Attachment, error) {
	return reference(ctx, obj, r.db.Attachments, func(obj *db.ReceivedMail) (store.ID, bool) { return db.RawMailID(obj.ID), true })
}

// BodyHTML resolves TicketMessage.bodyHtml. The text of an edited message isn't that of its mail any more.
func (r ticketMessageResolver) BodyHTML(ctx context.Context, obj *db.TicketMessage, remoteImages bool) (*string, error) {
	unchanged := func(obj *db.TicketMessage) (store.ID, bool) {
		return obj.ID, obj.Channel == db.ChannelEmail && obj.EditedAt == nil
	}
	return htmlOf(ctx, r.db, obj, unchanged, "message_id", remoteImages)
}

// DescriptionHTML resolves Ticket.descriptionHtml. The same is true for a ticket's description.
func (r ticketResolver) DescriptionHTML(ctx context.Context, obj *db.Ticket, remoteImages bool) (*string, error) {
	unchanged := func(obj *db.Ticket) (store.ID, bool) { return obj.ID, obj.ByMail && !obj.Rewritten }
	return htmlOf(ctx, r.db, obj, unchanged, "ticket_id", remoteImages)
}

// mailPages is the HTML of mails by their ids, and the images that are attached to them, by the mail's id and their own.
type mailPages struct {
	mails  map[store.ID]*db.ReceivedMail
	images map[store.ID]map[string]*db.Attachment
}

// htmlOf returns the HTML of the mail of a message or a ticket, nil if there is none. Whoever sees that may read it. The attachments
// refer to it by the field owner.
func htmlOf[T any](
	ctx context.Context, d *db.DB, obj *T, idIn func(*T) (store.ID, bool), owner string, remoteImages bool,
) (*string, error) {
	id, ok := idIn(obj)
	if !ok {
		return nil, nil //nolint:nilnil // the schema says that it is null
	}
	group := siblingsOf(ctx, obj)
	read, ok := readBySibling[mailPages](ctx, group)
	if !ok {
		read = readForSiblings(ctx, group, func(docs []*T) (mailPages, error) { return readPages(ctx, d, idsOf(docs, idIn), owner) })
	}
	pages, err := read()
	if err != nil || pages.mails[id] == nil || pages.mails[id].HTML == "" {
		return nil, err
	}
	page := pages.mails[id].HTML
	for contentID, image := range pages.images[id] {
		if address := d.AttachmentAddress(scopeOf(ctx), image); address != nil {
			page = strings.ReplaceAll(page, ` data-cid="`+html.EscapeString(contentID)+`"`, ` src="`+html.EscapeString(*address)+`"`)
		}
	}
	if remoteImages {
		page = strings.ReplaceAll(page, " data-remote-src=", " src=")
	}
	return &page, nil
}

// readPages reads the HTML of mails, and the attachments that it can show.
func readPages(ctx context.Context, d *db.DB, ids []store.ID, owner string) (mailPages, error) {
	pages := mailPages{images: map[store.ID]map[string]*db.Attachment{}}
	var err error
	if pages.mails, err = d.ReceivedMails.Only(db.ReceivedMails.Select("html")).ByID(ctx, auth.SystemScope(), ids); err != nil {
		return pages, err
	}
	attached, err := d.Attachments.List(ctx, scopeOf(ctx), store.And(store.In(owner, ids), store.Compare(store.OpNe, "content_id", "")))
	for _, a := range attached {
		id := a.TicketID
		if a.MessageID != nil {
			id = *a.MessageID
		}
		if pages.images[id] == nil {
			pages.images[id] = map[string]*db.Attachment{}
		}
		pages.images[id][a.ContentID] = a
	}
	return pages, err
}
