package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// MailFile is a file that is attached to a mail.
type MailFile struct {
	// Name and ContentType are what the sender says; the name may be anything.
	Name, ContentType string
	// ContentID is the id by which the mail's HTML refers to it, empty if it doesn't.
	ContentID string
	Content   []byte
}

// rawMail is the name of the file that has a mail as it came.
const rawMail = "mail.eml"

// RawMailID returns the id of the attachment that has a mail as it came. Only staff see it.
func RawMailID(mail store.ID) store.ID { return store.DerivedID("raw mail", mail.String()) }

// attachMail attaches the files of a mail, and the mail as it came, to the message or the ticket that it becomes, before that is
// written. Their ids derive from the mail's, so that those of an interrupted attempt are used. It returns a note about the files
// that can't be kept, empty if there are none.
func (d *DB) attachMail(ctx context.Context, scope auth.Scope, ticket *Ticket, message *TicketMessage, in *IncomingMail) (note string, err error) {
	var attached []store.ID
	lost := make(map[store.ID]string)
	for i, file := range in.Files {
		id := in.fileID(i)
		refused, created, err := d.attachMailFile(ctx, scope, id, file, func(upload *Upload) *Attachment {
			return d.newAttachment(scope, ticket, message, upload, i)
		})
		if err != nil {
			return "", err
		}
		lost[id] = refused
		if created {
			attached = append(attached, id)
		}
	}
	if len(attached) > 0 {
		err = d.checkNumber(ctx, ticket.ID)
	}
	if store.CodeOf(err) == store.BadInput {
		err = d.detach(ctx, scope, attached)
		for _, id := range attached {
			lost[id] = "the ticket has too many files"
		}
	}
	if err == nil {
		err = d.attachRaw(ctx, scope, ticket, message, in)
	}
	if err != nil {
		return "", err
	}
	return in.describe(lost), nil
}

// fileID returns the id of the attachment that the ith file becomes.
func (m *IncomingMail) fileID(i int) store.ID {
	return store.DerivedID("attachment of a mail", m.ID.String(), strconv.Itoa(i))
}

// describe returns a note about the files that aren't kept, for these reasons; it is empty if there are none.
func (m *IncomingMail) describe(lost map[store.ID]string) string {
	var described []string
	for i, file := range m.Files {
		if refused := lost[m.fileID(i)]; refused != "" {
			described = append(described, fmt.Sprintf("%s (%d bytes, %s)", oneLine(file.Name), len(file.Content), refused))
		}
	}
	if len(described) == 0 {
		return ""
	}
	return "\n\nAttached to the mail, but not kept: " + strings.Join(described, ", ")
}

// attachMailFile makes a file of a mail the attachment with that id, or says why it isn't kept. created is false if there is that
// attachment already, made by another attempt at the same mail, which may be going on.
func (d *DB) attachMailFile(
	ctx context.Context, scope auth.Scope, id store.ID, file MailFile, attachment func(*Upload) *Attachment,
) (refused string, created bool, err error) {
	there, err := d.attachments.CountAll(ctx, store.Eq("_id", id))
	if err != nil || there > 0 {
		return "", false, err
	}
	refused, err = d.storeMailFile(ctx, scope, id, file)
	if err != nil || refused != "" {
		return refused, false, err
	}
	stored, err := d.uploads(ctx, store.Eq("_id", id))
	if err != nil {
		return "", false, err
	}
	if len(stored) == 0 {
		return "", false, store.Errorf(store.Conflict, "a file of the mail is being removed; try again")
	}
	err = d.attachments.Create(ctx, scope, attachment(stored[0]))
	if err != nil && !entity.IsTaken(err, "_id") {
		return "", false, err
	}
	created = err == nil
	used := []store.Assignment{{Field: "used_at", Value: d.now()}}
	if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.Filter{}, used)); err != nil {
		return "", false, err
	}
	return "", created, nil
}

// storeMailFile stores a file as an upload that isn't used yet, or says why it isn't kept. It is UNAVAILABLE while files can't be
// stored or scanned, so that the mail has to wait.
func (d *DB) storeMailFile(ctx context.Context, scope auth.Scope, id store.ID, file MailFile) (refused string, err error) {
	switch {
	case d.options.Files == nil:
		return "files aren't kept here", nil
	case len(file.Content) > d.options.FileBytes:
		return "too large", nil
	}
	// The sweeper may be about to remove what an interrupted attempt has left.
	upload := NewUpload{FileName: file.Name, ContentType: file.ContentType, Size: len(file.Content), ContentID: shorten(file.ContentID, maxName)}
	unused := []store.Assignment{
		{Field: "used_at", Value: nil}, {Field: "expires_at", Value: d.now().Add(uploadLife)},
		{Field: "file_name", Value: files.CleanName(upload.FileName)}, {Field: "content_id", Value: upload.ContentID},
	}
	if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.Filter{}, unused)); err != nil {
		return "", err
	}
	// An attempt that was interrupted while it stored the file doesn't store it any more.
	again := []store.Assignment{{Field: "receiving_until", Value: nil}}
	if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.IsNull("stored_at"), again)); err != nil {
		return "", err
	}
	err = d.StoreUploadAs(ctx, scope, id, upload, bytes.NewReader(file.Content))
	switch {
	case errors.Is(err, errThreat):
		return "a threat was found in it", nil
	case err != nil && store.CodeOf(err) == "":
		return "", &store.Error{Code: store.Unavailable, Message: "a file can't be stored now", Err: err}
	}
	return "", err
}

// attachRaw attaches a mail as it came, for the staff. It doesn't count as one of the ticket's files.
func (d *DB) attachRaw(ctx context.Context, scope auth.Scope, ticket *Ticket, message *TicketMessage, in *IncomingMail) error {
	file := MailFile{Name: rawMail, ContentType: "message/rfc822", Content: in.Raw}
	_, _, err := d.attachMailFile(ctx, scope, RawMailID(in.ID), file, func(upload *Upload) *Attachment {
		raw := d.newAttachment(scope, ticket, message, upload, len(in.Files))
		raw.Visibility, raw.AuthorID = MessageInternal, nil
		return raw
	})
	return err
}
