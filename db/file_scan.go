package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// FileScan says what a virus scanner has found in a file.
type FileScan string

// The results, as they are stored. Without a scanner, every file is clean.
const (
	FileClean FileScan = "clean"
	// FileQuarantined is a file that hasn't been scanned yet, because the scanner couldn't be asked. Nobody gets it meanwhile.
	FileQuarantined FileScan = "quarantined"
	// FileInfected is a file in which a threat was found. Its content is gone.
	FileInfected FileScan = "infected"
)

// examined is what was found out about a stored content.
type examined struct {
	scan      FileScan
	threat    string
	thumbnail bool
}

// examine scans a stored content, and makes its thumbnail if it is a clean image.
func (d *DB) examine(ctx context.Context, key, mediaType string) (examined, error) {
	content, err := d.openFile(ctx, key)
	if err != nil {
		return examined{}, err
	}
	defer func() { _ = content.Close() }()
	found, err := d.scan(ctx, key, content)
	if err != nil {
		return examined{}, err
	}
	if found.scan == FileClean {
		if found.thumbnail, err = d.makeThumbnail(ctx, key, mediaType, content); err != nil {
			return examined{}, err
		}
	}
	return found, nil
}

// scan scans a stored content, and deletes it if it is infected.
func (d *DB) scan(ctx context.Context, key string, content io.ReadSeeker) (examined, error) {
	if d.options.Scanner == nil {
		return examined{scan: FileClean}, nil
	}
	threat, err := d.options.Scanner.Scan(ctx, content)
	switch {
	case err != nil && ctx.Err() != nil:
		return examined{}, context.Cause(ctx)
	case err != nil:
		d.options.Log.WarnContext(ctx, "cannot scan a file, which is in quarantine until that succeeds", slog.String("file", key), slog.Any("error", err))
		return examined{scan: FileQuarantined}, nil
	case threat != "":
		d.options.Log.WarnContext(ctx, "a threat was found in a file", slog.String("file", key), slog.String("threat", threat))
		if err := d.deleteFiles(ctx, key); err != nil {
			return examined{}, err
		}
		return examined{scan: FileInfected, threat: threat}, nil
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return examined{}, fmt.Errorf("cannot read a file: %w", err)
	}
	return examined{scan: FileClean}, nil
}

// RescanFiles scans the files in quarantine. Those that can't be scanned stay there.
func (d *DB) RescanFiles(ctx context.Context) error {
	if d.options.Scanner == nil || d.options.Files == nil {
		return nil
	}
	uploads := func(q store.Query) ([]*Upload, error) {
		return entity.Find[Upload](ctx, d.store, Uploads.Collection, q)
	}
	attachments := func(q store.Query) ([]*Attachment, error) { return d.attachments.Find(ctx, q) }
	return errors.Join(
		eachQuarantined(uploads, func(u *Upload) []any { return []any{u.CreatedAt, u.ID} }, func(upload *Upload) error {
			return d.rescan(ctx, upload.key(), upload.ContentType, func(found examined) error {
				set := []store.Assignment{{Field: "scan", Value: string(found.scan)}, {Field: "thumbnail", Value: found.thumbnail}}
				return ignoreNotFound(d.store.Update(ctx, Uploads.Collection, upload.ID, store.Filter{}, set))
			})
		}),
		eachQuarantined(attachments, func(a *Attachment) []any { return []any{a.CreatedAt, a.ID} }, func(attachment *Attachment) error {
			return d.rescan(ctx, attachment.key(), attachment.ContentType, func(found examined) error {
				_, err := d.attachments.Follow(ctx, auth.SystemScope(), attachment.ID, func(next *Attachment) (string, error) {
					next.Scan, next.Thumbnail = found.scan, found.thumbnail
					return entity.Updated, nil
				})
				return ignoreNotFound(err)
			})
		}),
	)
}

// eachQuarantined calls do with all files in quarantine, the oldest ones first: those that can't be scanned, whatever the reason, keep
// none from being scanned. place returns a document's place in this order.
func eachQuarantined[T any](find func(store.Query) ([]*T, error), place func(*T) []any, do func(*T) error) error {
	q := store.Query{
		Where: store.Eq("scan", string(FileQuarantined)), Sort: []store.Sort{{Field: "created_at"}, {Field: "_id"}}, Limit: sweepBatch,
	}
	var failed []error
	for {
		found, err := find(q)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, file := range found {
			failed = append(failed, do(file))
		}
		if len(found) < sweepBatch {
			return errors.Join(failed...)
		}
		q.After = place(found[len(found)-1])
	}
}

// rescan scans a file and passes the result to settle, unless it can't be scanned yet.
func (d *DB) rescan(ctx context.Context, key, mediaType string, settle func(examined) error) error {
	found, err := d.examine(ctx, key, mediaType)
	if store.CodeOf(err) == store.NotFound { // deleted because of a threat, before that was written down
		found, err = examined{scan: FileInfected}, nil
	}
	if err != nil || found.scan == FileQuarantined {
		return err
	}
	return settle(found)
}

// makeThumbnail stores the thumbnail of a content, and reports whether there is one.
func (d *DB) makeThumbnail(ctx context.Context, key, mediaType string, content io.ReadSeeker) (bool, error) {
	small, err := d.thumbnails.Make(ctx, mediaType, content)
	if files.IsNoThumbnail(err) {
		return false, nil
	}
	if err == nil {
		err = d.options.Files.Put(ctx, files.ThumbnailKey(key), int64(len(small)), bytes.NewReader(small))
	}
	return err == nil, err
}
