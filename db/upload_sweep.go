package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// sweepUploads removes the uploads that have served their purpose or were never used, and the files that no attachment has. It also
// removes attachments of messages that weren't written, because the program was killed before.
func (d *DB) sweepUploads(ctx context.Context) error {
	if d.options.Files == nil {
		return nil
	}
	before := d.now().Add(-attachTime) // what is being written now may still need an upload whose time has just ended
	due := store.Or(store.Compare(store.OpLt, "expires_at", before.Add(-discardedLife)), store.Compare(store.OpLt, "used_at", before))
	for {
		found, err := entity.Find[Upload](ctx, d.store, Uploads.Collection, store.Query{Where: due, Limit: sweepBatch})
		if err != nil {
			return err
		}
		var failed []error
		for _, upload := range found {
			if err := d.sweepUpload(ctx, upload); err != nil {
				failed = append(failed, fmt.Errorf("cannot remove upload %s: %w", upload.ID, err))
			}
		}
		if len(found) < sweepBatch || len(failed) > 0 {
			return errors.Join(failed...)
		}
	}
}

func (d *DB) sweepUpload(ctx context.Context, upload *Upload) error {
	attached, err := d.attachments.Find(ctx, store.Query{Where: store.Eq("_id", upload.ID), Limit: 1})
	if err != nil {
		return err
	}
	kept := false
	for _, attachment := range attached {
		if kept, err = d.isOwned(ctx, attachment); err != nil {
			return err
		}
		if !kept {
			if err := d.attachments.Remove(ctx, auth.SystemScope(), attachment); err != nil {
				return err
			}
		}
	}
	if !kept && upload.UsedAt != nil { // its attachment may have been deleted a moment ago
		unchanged := store.Eq("used_at", *upload.UsedAt)
		return ignoreNotFound(d.store.Update(ctx, Uploads.Collection, upload.ID, unchanged, append(ended(d.now()), store.Assignment{Field: "used_at"})))
	}
	if !kept {
		if err := d.deleteFiles(ctx, upload.key()); err != nil {
			return err
		}
	}
	_, err = d.purge(ctx, Uploads.Collection, store.Eq("_id", upload.ID))
	return err
}

// isOwned reports whether the message of an attachment exists, or its ticket, if it has no message.
func (d *DB) isOwned(ctx context.Context, a *Attachment) (bool, error) {
	if a.MessageID != nil {
		n, err := d.ticketMessages.CountAll(ctx, store.Eq("_id", *a.MessageID))
		return n > 0, err
	}
	n, err := d.tickets.CountAll(ctx, store.Eq("_id", a.TicketID))
	return n > 0, err
}

// deleteFiles deletes the content with that key, and its thumbnail.
func (d *DB) deleteFiles(ctx context.Context, key string) error {
	if err := d.options.Files.Delete(ctx, files.ThumbnailKey(key)); err != nil {
		return err
	}
	return d.options.Files.Delete(ctx, key)
}

// ended ends the time of an upload, which is nobody's then.
func ended(now time.Time) []store.Assignment {
	return []store.Assignment{
		{Field: "expires_at", Value: now}, {Field: "account", Value: ""}, {Field: "file_name", Value: ""}, {Field: "content_id", Value: ""},
	}
}

// expireUploads ends the time of the uploads that an account hasn't used.
func (d *DB) expireUploads(ctx context.Context, account auth.AudienceKey) error {
	now := d.now()
	unused, err := d.uploads(ctx, store.And(store.Eq("account", string(account)), store.IsNull("used_at")))
	if err != nil {
		return err
	}
	for _, upload := range unused {
		if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, upload.ID, store.IsNull("used_at"), ended(now))); err != nil {
			return fmt.Errorf("cannot end upload: %w", err)
		}
	}
	return nil
}
