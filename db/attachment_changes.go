package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// A message and its attachments are several documents, and a store writes only one at a time. So the attachments are written first:
// nobody sees a message without its files. If the message isn't written then, they are removed again, by the sweeper if need be; see
// Sweeper.

// attach makes attachments of uploads, on a ticket, or on one of its messages if there is one. Their ticket or message is written
// afterwards. The uploads must be the account's, and become used.
func (d *DB) attach(ctx context.Context, scope auth.Scope, ticket *Ticket, message *TicketMessage, ids []store.ID) error {
	if len(ids) == 0 {
		return nil
	}
	uploads, err := d.usableUploads(ctx, scope, ids)
	if err != nil {
		return err
	}
	for i, upload := range uploads {
		used := []store.Assignment{{Field: "used_at", Value: d.now()}}
		err := d.store.Update(ctx, Uploads.Collection, upload.ID, store.IsNull("used_at"), used)
		if store.CodeOf(err) == store.NotFound {
			err = errUnusable(i)
		}
		if err != nil { // the upload, and an attachment that may be made of it, are somebody else's
			return errors.Join(err, d.detach(ctx, scope, ids[:i]))
		}
		if err := d.attachments.Create(ctx, scope, d.newAttachment(scope, ticket, message, upload, i)); err != nil {
			return errors.Join(err, d.detach(ctx, scope, ids[:i+1]))
		}
	}
	if err := d.checkNumber(ctx, ticket.ID); err != nil {
		return errors.Join(err, d.detach(ctx, scope, ids))
	}
	return nil
}

// checkNumber is BAD_USER_INPUT if a ticket has too many files. The mails as they came don't count.
func (d *DB) checkNumber(ctx context.Context, ticket store.ID) error {
	of := store.Eq("ticket_id", ticket)
	total, err := d.attachments.CountAll(ctx, of)
	if err != nil || total <= maxTicketFiles {
		return err
	}
	mails, err := d.receivedMails.Find(ctx, store.Query{Where: of, Fields: ReceivedMails.Select("_id")})
	if err != nil {
		return err
	}
	raw := make([]store.ID, len(mails))
	for i, mail := range mails {
		raw[i] = RawMailID(mail.ID)
	}
	uncounted, err := d.attachments.CountAll(ctx, store.And(of, store.In("_id", raw)))
	if err != nil || total-uncounted <= maxTicketFiles {
		return err
	}
	// How many it has would tell customers of files that they don't see.
	return store.FieldError(store.BadInput, "input.attachments", "a ticket has at most %d files", maxTicketFiles)
}

// usableUploads returns the uploads with these ids, in the same order.
func (d *DB) usableUploads(ctx context.Context, scope auth.Scope, ids []store.ID) ([]*Upload, error) {
	if len(ids) > maxTicketFiles {
		return nil, store.FieldError(store.BadInput, "input.attachments", "must be at most %d", maxTicketFiles)
	}
	account := auth.AccountKey(scope.Role, scope.Account)
	found, err := d.uploads(ctx, store.And(store.In("_id", ids), store.Eq("account", string(account))))
	if err != nil {
		return nil, err
	}
	byID := make(map[store.ID]*Upload, len(found))
	now := d.now()
	for _, upload := range found {
		if upload.isUsable(now) {
			byID[upload.ID] = upload
		}
	}
	uploads := make([]*Upload, len(ids))
	for i, id := range ids {
		if uploads[i] = byID[id]; uploads[i] == nil {
			return nil, errUnusable(i)
		}
		delete(byID, id) // the same once more is a mistake
	}
	return uploads, nil
}

func errUnusable(i int) error {
	return store.FieldError(store.BadInput, fmt.Sprintf("input.attachments.%d", i),
		"is no upload of yours that is complete and not used yet")
}

// newAttachment returns the attachment of an upload, as the ith of its message.
func (d *DB) newAttachment(scope auth.Scope, ticket *Ticket, message *TicketMessage, upload *Upload, i int) *Attachment {
	// The order of their times is that of the uploads in the input.
	at := d.now().Add(time.Duration(i) * time.Millisecond)
	attachment := &Attachment{
		ID: upload.ID, TicketID: ticket.ID, CustomerID: ticket.CustomerID, InteractionUserID: ticket.InteractionUserID,
		InteractionInternal: ticket.InteractionInternal, AssigneeID: ticket.AssigneeID, Queue: ticket.Queue, Visibility: MessagePublic,
		FileName: upload.FileName, ContentType: upload.ContentType, ContentID: upload.ContentID, Size: upload.Size,
		SHA256: upload.SHA256, Thumbnail: upload.Thumbnail, Scan: upload.Scan, CreatedAt: at, UpdatedAt: at, Version: 1,
	}
	if message != nil {
		attachment.MessageID, attachment.AuthorID, attachment.Visibility = &message.ID, message.AuthorID, message.Visibility
	} else if scope.IsStaff() {
		author := store.ID(scope.Account)
		attachment.AuthorID = &author
	}
	return attachment
}

// detach removes the attachments of a message or ticket that isn't written after all. Their uploads can be used again.
func (d *DB) detach(ctx context.Context, scope auth.Scope, ids []store.ID) error {
	if len(ids) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if err := d.removeAttachments(ctx, scope, store.In("_id", ids)); err != nil {
		return err
	}
	for _, id := range ids {
		free := []store.Assignment{{Field: "used_at", Value: nil}}
		if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.Filter{}, free)); err != nil {
			return fmt.Errorf("cannot free upload: %w", err)
		}
	}
	return nil
}

func (d *DB) removeAttachments(ctx context.Context, scope auth.Scope, where store.Filter) error {
	found, err := d.attachments.Find(ctx, store.Query{Where: where})
	if err != nil {
		return err
	}
	for _, attachment := range found {
		if err := d.attachments.Remove(ctx, scope, attachment); err != nil && store.CodeOf(err) != store.Conflict {
			return err
		}
	}
	return nil
}

// removeAttachmentsBy removes the files that a customer attached to tickets that stay.
func (d *DB) removeAttachmentsBy(ctx context.Context, customer store.ID) error {
	scope := auth.Scope{Role: auth.Customer, Account: customer}
	_, err := d.attachments.Each(ctx, writtenBy(customer), func(a *Attachment) error {
		return d.attachments.Remove(ctx, scope, a)
	})
	if err != nil {
		return fmt.Errorf("cannot remove the attachments of a customer: %w", err)
	}
	return nil
}

// followAttachment does what follows for attachments from an event: those of a deleted message are removed, and the file of a deleted
// attachment is handed to the sweeper.
func (d *DB) followAttachment(ctx context.Context, event *store.Event) error {
	switch event.Type {
	case EventTicketMessageDeleted:
		actor := auth.Scope{Role: auth.Role(event.ActorRole), Account: event.Actor}
		return d.removeAttachments(ctx, actor, store.Eq("message_id", event.Entity))
	case EventAttachmentDeleted:
		return d.discardFile(ctx, event)
	}
	return nil
}

// discardFile makes the file of a deleted attachment an upload, which the sweeper removes. It does nothing if the upload from which the
// attachment was made still exists, because the sweeper removes that one.
func (d *DB) discardFile(ctx context.Context, event *store.Event) error {
	now := d.now()
	discarded := &Upload{ID: event.Entity, CreatedAt: now, StoredAt: &now, ExpiresAt: event.At}
	err := d.store.Insert(ctx, Uploads.Collection, discarded)
	if err != nil && !entity.IsTaken(err, "_id") {
		return fmt.Errorf("cannot discard file: %w", err)
	}
	return nil
}
