package db

import (
	"context"
	"fmt"
	"io"

	"crm/db/store"
)

// MaxMailedBytes is how many bytes of files a message by mail brings at most. Most mail servers accept messages of 25 MB, in which files
// take a third more room.
const MaxMailedBytes = 10 << 20

// MailedFile is a file that a message by mail brings.
type MailedFile struct {
	Name, ContentType string
	Content           []byte
}

// PublicAttachments returns the attachments of messages that customers may see, too, by the messages' ids, in order. A public message can have
// others: that of a mail has the mail as it came.
func (d *DB) PublicAttachments(ctx context.Context, messages []store.ID) (map[store.ID][]*Attachment, error) {
	if len(messages) == 0 {
		return map[store.ID][]*Attachment{}, nil
	}
	found, err := d.attachments.Find(ctx, store.Query{
		Where: store.And(store.In("message_id", messages), store.Eq("visibility", string(MessagePublic))),
		Sort:  []store.Sort{{Field: "created_at"}, {Field: "_id"}},
	})
	if err != nil {
		return nil, err
	}
	byMessage := make(map[store.ID][]*Attachment, len(messages))
	for _, attachment := range found {
		byMessage[*attachment.MessageID] = append(byMessage[*attachment.MessageID], attachment)
	}
	return byMessage, nil
}

// AreMailed reports whether a message by mail brings these attachments: they are clean, and small enough together.
func AreMailed(attachments []*Attachment) bool {
	total := 0
	for _, attachment := range attachments {
		if attachment.Scan != FileClean {
			return false
		}
		total += attachment.Size
	}
	return total <= MaxMailedBytes
}

// MailedFiles returns the files that a delivery brings: those of the message on a ticket that it tells of.
func (d *DB) MailedFiles(ctx context.Context, delivery *Delivery) ([]MailedFile, error) {
	if delivery.EventType != EventTicketMessageCreated || d.options.Files == nil {
		return []MailedFile{}, nil
	}
	events, err := d.Log.Find(ctx, store.Eq("_id", delivery.EventID), 0, 1, store.Events.Select("entity_id"))
	if err != nil {
		return nil, err
	}
	mailed := []MailedFile{}
	if len(events) == 0 {
		return mailed, nil
	}
	found, err := d.PublicAttachments(ctx, []store.ID{events[0].Entity})
	if err != nil {
		return nil, err
	}
	attachments := found[events[0].Entity]
	if !AreMailed(attachments) {
		return mailed, nil
	}
	for _, attachment := range attachments {
		content, err := d.contentOf(ctx, attachment)
		if store.CodeOf(err) == store.NotFound { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		mailed = append(mailed, MailedFile{attachment.FileName, attachment.ContentType, content})
	}
	return mailed, nil
}

// contentOf reads the content of an attachment.
func (d *DB) contentOf(ctx context.Context, attachment *Attachment) ([]byte, error) {
	file, err := d.openFile(ctx, attachment.key())
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content := make([]byte, attachment.Size)
	if _, err := io.ReadFull(file, content); err != nil {
		return nil, fmt.Errorf("cannot read an attachment: %w", err)
	}
	return content, nil
}
