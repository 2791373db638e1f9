package db

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
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
	var ids []store.ID
	var lost []string
	for i, file := range in.Files {
		id := store.DerivedID("attachment of a mail", in.ID.String(), strconv.Itoa(i))
		attached, err := d.attachments.CountAll(ctx, store.Eq("_id", id))
		if err != nil {
			return "", err
		}
		if attached > 0 {
			continue
		}
		refused, err := d.storeMailFile(ctx, scope, id, file)
		if err != nil {
			return "", err
		}
		if refused == "" {
			ids = append(ids, id)
			continue
		}
		lost = append(lost, describe(file, refused))
	}
	err = d.attach(ctx, scope, ticket, message, ids)
	if store.CodeOf(err) == store.BadInput { // the ticket has too many
		lost, err = lost[:0], nil
		for _, file := range in.Files {
			lost = append(lost, describe(file, "the ticket has too many files"))
		}
	}
	if err != nil {
		return "", err
	}
	if len(lost) > 0 {
		note = "\n\nAttached to the mail, but not kept: " + strings.Join(lost, ", ")
	}
	return note, d.attachRaw(ctx, scope, ticket, message, in)
}

func describe(file MailFile, refused string) string {
	return fmt.Sprintf("%s (%d bytes, %s)", oneLine(file.Name), len(file.Content), refused)
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
	// An attempt that was interrupted while it stored the file doesn't store it any more.
	again := []store.Assignment{{Field: "receiving_until", Value: nil}}
	if err := ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.IsNull("stored_at"), again)); err != nil {
		return "", err
	}
	err = d.StoreUploadAs(ctx, scope, id, NewUpload{
		FileName: file.Name, ContentType: file.ContentType, Size: len(file.Content), ContentID: shorten(file.ContentID, maxName),
	}, bytes.NewReader(file.Content))
	switch {
	case store.CodeOf(err) == store.BadInput:
		return "a threat was found in it", nil
	case err != nil && store.CodeOf(err) == "":
		return "", &store.Error{Code: store.Unavailable, Message: "a file can't be stored now", Err: err}
	case err != nil:
		return "", err
	}
	unused := []store.Assignment{{Field: "used_at", Value: nil}} // by an attempt that was interrupted
	return "", ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.Filter{}, unused))
}

// attachRaw attaches a mail as it came, for the staff. It doesn't count as one of the ticket's files.
func (d *DB) attachRaw(ctx context.Context, scope auth.Scope, ticket *Ticket, message *TicketMessage, in *IncomingMail) error {
	id := RawMailID(in.ID)
	refused, err := d.storeMailFile(ctx, scope, id, MailFile{Name: rawMail, ContentType: "message/rfc822", Content: in.Raw})
	if err != nil || refused != "" {
		return err
	}
	stored, err := d.uploads(ctx, store.Eq("_id", id))
	if err != nil || len(stored) == 0 {
		return err
	}
	raw := d.newAttachment(scope, ticket, message, stored[0], len(in.Files))
	raw.Visibility, raw.AuthorID = MessageInternal, nil
	if err := d.attachments.Create(ctx, scope, raw); err != nil && !entity.IsTaken(err, "_id") {
		return err
	}
	used := []store.Assignment{{Field: "used_at", Value: d.now()}}
	return ignoreNotFound(d.store.Update(ctx, Uploads.Collection, id, store.Filter{}, used))
}
