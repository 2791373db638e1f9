package db

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// NewUpload is what is known of a file before its content.
type NewUpload struct {
	FileName string
	// ContentType is the media type that the sender states, empty if none. It counts where the content doesn't tell.
	ContentType string
	// Size is the exact number of bytes.
	Size int
	// SHA256 is the digest in hexadecimal digits, empty if it isn't known.
	SHA256 string
	// ContentID identifies a part of a mail, which the mail's HTML may show; empty for any other file.
	ContentID string
}

// CreateUpload announces a file, whose content ReceiveUpload then takes. The account may use it for a message or a ticket.
func (d *DB) CreateUpload(ctx context.Context, scope auth.Scope, in NewUpload) (*Upload, error) {
	if err := entity.MayWrite(scope); err != nil {
		return nil, err
	}
	account := auth.AccountKey(scope.Role, scope.Account)
	unused, err := d.uploads(ctx, store.And(store.Eq("account", string(account)), store.IsNull("used_at")))
	if err != nil {
		return nil, err
	}
	waiting, now := 0, d.now()
	for _, upload := range unused { // the sweeper removes the expired ones some time later
		if upload.ExpiresAt.After(now) {
			waiting++
		}
	}
	if waiting >= maxUploads {
		return nil, store.Errorf(store.RateLimited, "%d uploads of the account wait to be used; use them, or wait until they expire", waiting)
	}
	return d.announce(ctx, account, unguessableID(), in)
}

// StoreUpload stores a file that the program itself has received, for the scope's account.
func (d *DB) StoreUpload(ctx context.Context, scope auth.Scope, in NewUpload, content io.Reader) (store.ID, error) {
	id := unguessableID()
	if err := d.StoreUploadAs(ctx, scope, id, in, content); err != nil {
		return store.ID{}, err
	}
	return id, nil
}

// StoreUploadAs is StoreUpload with an id that the caller derives, so that doing it again after a crash does no harm.
func (d *DB) StoreUploadAs(ctx context.Context, scope auth.Scope, id store.ID, in NewUpload, content io.Reader) error {
	_, err := d.announce(ctx, auth.AccountKey(scope.Role, scope.Account), id, in)
	if err != nil && !entity.IsTaken(err, "_id") {
		return err
	}
	err = d.ReceiveUpload(ctx, id, content)
	if errors.Is(err, errReceived) {
		return nil
	}
	return err
}

func (d *DB) announce(ctx context.Context, account auth.AudienceKey, id store.ID, in NewUpload) (*Upload, error) {
	if d.options.Files == nil {
		return nil, store.Errorf(store.Unavailable, "files can't be stored here")
	}
	var problems Problems
	if in.Size < 0 || in.Size > d.options.FileBytes {
		problems.Add("size", "must be 0 to %d bytes, not %d", d.options.FileBytes, in.Size)
	}
	digest := strings.ToLower(in.SHA256)
	if raw, err := hex.DecodeString(digest); digest != "" && (err != nil || len(raw) != 32) {
		problems.Add("sha256", "must have 64 hexadecimal digits")
	}
	if err := problems.inInput(); err != nil {
		return nil, err
	}
	now := d.now()
	upload := &Upload{
		ID: id, Account: account, FileName: files.CleanName(in.FileName), ContentType: files.CleanType(in.ContentType),
		ContentID: in.ContentID, Size: in.Size, SHA256: digest, CreatedAt: now, ExpiresAt: now.Add(uploadLife),
	}
	if err := d.store.Insert(ctx, Uploads.Collection, upload); err != nil {
		return nil, fmt.Errorf("cannot create upload: %w", err)
	}
	return upload, nil
}

// errReceived is returned for an upload whose content is there already.
var errReceived = store.Errorf(store.Conflict, "the file has been received already")

// errThreat is behind the error for an upload in whose content a threat was found.
var errThreat = errors.New("the file is infected")

// ReceiveUpload stores the content of an upload, once. What the file is is found out from the content.
func (d *DB) ReceiveUpload(ctx context.Context, id store.ID, content io.Reader) error {
	if d.options.Files == nil {
		return store.Errorf(store.Unavailable, "files can't be stored here")
	}
	upload, err := d.claimUpload(ctx, id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(ctx, upload.ReceivingUntil.Add(-removeTime))
	defer cancel()
	own := store.Eq("receiving_until", *upload.ReceivingUntil) // not that of somebody else, who came when this one's time was over
	err = d.receive(ctx, upload, content, own)
	if err != nil {
		release := []store.Assignment{{Field: "receiving_until", Value: nil}}
		released := d.store.Update(context.WithoutCancel(ctx), Uploads.Collection, id, own, release)
		return errors.Join(err, ignoreNotFound(released))
	}
	return nil
}

// claimUpload makes the caller the only one who sends the content of an upload.
func (d *DB) claimUpload(ctx context.Context, id store.ID) (*Upload, error) {
	now := d.now()
	claimed := new(Upload)
	err := d.store.Claim(ctx, Uploads.Collection, store.Query{Where: store.And(
		store.Eq("_id", id), store.IsNull("stored_at"), store.Compare(store.OpGt, "expires_at", now),
		store.Or(store.IsNull("receiving_until"), store.Compare(store.OpLt, "receiving_until", now),
			store.Compare(store.OpGt, "receiving_until", now.Add(2*receiveTime))), // the clock was ahead
	)}, []store.Assignment{{Field: "receiving_until", Value: now.Add(receiveTime + removeTime)}}, claimed)
	if err == nil {
		return claimed, nil
	}
	if store.CodeOf(err) != store.NotFound {
		return nil, fmt.Errorf("cannot receive upload: %w", err)
	}
	found, err := d.uploads(ctx, store.Eq("_id", id))
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0 || !now.Before(found[0].ExpiresAt):
		return nil, store.Errorf(store.NotFound, "there is no such upload")
	case found[0].StoredAt != nil:
		return nil, errReceived
	}
	return nil, store.Errorf(store.Conflict, "the file is being received")
}

func (d *DB) uploads(ctx context.Context, where store.Filter) ([]*Upload, error) {
	return entity.Find[Upload](ctx, d.store, Uploads.Collection, store.Query{Where: where})
}

// receive stores the content of an upload, and then what is known of it, if the upload still matches own.
func (d *DB) receive(ctx context.Context, upload *Upload, content io.Reader, own store.Filter) error {
	checked := files.NewChecked(content, int64(upload.Size), upload.SHA256)
	mediaType, all, err := files.Sniff(checked, upload.ContentType)
	if err == nil {
		err = d.options.Files.Put(ctx, upload.key(), int64(upload.Size), all)
	}
	if files.IsMismatch(err) {
		return &store.Error{Code: store.BadInput, Message: "the content has another size or SHA-256 digest than announced", Err: err}
	}
	if err != nil {
		return err
	}
	found, err := d.examine(ctx, upload.key(), mediaType)
	if err != nil {
		return err
	}
	if found.scan == FileInfected {
		return &store.Error{Code: store.BadInput, Message: "a threat was found in the file: " + found.threat, Err: errThreat}
	}
	now := d.now()
	set := []store.Assignment{
		{Field: "scan", Value: string(found.scan)}, {Field: "thumbnail", Value: found.thumbnail},
		{Field: "content_type", Value: mediaType}, {Field: "sha256", Value: checked.SHA256()},
		{Field: "stored_at", Value: now}, {Field: "receiving_until", Value: nil},
	}
	err = d.store.Update(ctx, Uploads.Collection, upload.ID, own, set)
	if store.CodeOf(err) == store.NotFound {
		return store.Errorf(store.Conflict, "somebody else has sent the file meanwhile")
	}
	if err != nil {
		return fmt.Errorf("cannot complete upload: %w", err)
	}
	return nil
}

// UploadAddress returns the address to which the content of an upload is to be sent, with PUT, and until when.
func (d *DB) UploadAddress(upload *Upload) (address string, expires time.Time) {
	return d.Links.Sign(files.Link{
		Method: http.MethodPut, Path: UploadPath + KindAttachment.GlobalID(upload.ID), For: string(upload.Account),
	})
}
