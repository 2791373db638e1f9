package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"crm/auth"
	"crm/db/store"
	"crm/files"
)

// The paths of signed addresses, which a global id follows, and what follows that for a thumbnail.
const (
	UploadPath    = "/uploads/"
	FilePath      = "/files/"
	ThumbnailPath = "/thumbnail"
)

// AttachmentAddress returns the signed address of an attachment's content, nil if that can't be had. It is for the scope's account, which
// must see the attachment, and ends if it no longer does.
func (d *DB) AttachmentAddress(scope auth.Scope, a *Attachment) *string {
	if a.Scan != FileClean {
		return nil
	}
	return new(d.fileAddress(scope, FilePath+a.GlobalID()))
}

// ThumbnailAddress is AttachmentAddress for the thumbnail, nil if there is none.
func (d *DB) ThumbnailAddress(scope auth.Scope, a *Attachment) *string {
	if !a.Thumbnail || a.Scan != FileClean {
		return nil
	}
	return new(d.fileAddress(scope, FilePath+a.GlobalID()+ThumbnailPath))
}

func (d *DB) fileAddress(scope auth.Scope, path string) string {
	owner := string(auth.AccountKey(scope.Role, scope.Account))
	address, _ := d.Links.Sign(files.Link{Method: http.MethodGet, Path: path, For: owner})
	return address
}

// OpenAttachment returns an attachment that an account sees, and its content, or its thumbnail.
func (d *DB) OpenAttachment(
	ctx context.Context, account auth.AudienceKey, id store.ID, thumbnail bool,
) (*Attachment, io.ReadSeekCloser, error) {
	holder, err := d.accountOf(ctx, account)
	if err == nil && !holder.mayLogIn() {
		err = d.Attachments.NotFound()
	}
	if err != nil {
		return nil, nil, err
	}
	scope := holder.scope()
	if holder.customer != nil {
		scope = d.CustomerScope(holder.customer)
	}
	attachment, err := d.Attachments.Get(ctx, scope, id)
	if err != nil {
		return nil, nil, err
	}
	if attachment.Scan != FileClean {
		return nil, nil, store.Errorf(store.NotFound, "the file is %s", attachment.Scan)
	}
	key := attachment.key()
	if thumbnail {
		key = files.ThumbnailKey(key)
	}
	content, err := d.openFile(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return attachment, content, nil
}

// openFile opens a file that should exist.
func (d *DB) openFile(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	if d.options.Files == nil {
		return nil, store.Errorf(store.Unavailable, "files can't be read here")
	}
	content, err := d.options.Files.Open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &store.Error{Code: store.NotFound, Message: "the file is missing", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open an attachment: %w", err)
	}
	return content, nil
}
