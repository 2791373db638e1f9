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
	if d.options.Scanner != nil {
		threat, err := d.options.Scanner.Scan(ctx, content)
		if err != nil {
			d.options.Log.WarnContext(ctx, "cannot scan a file, which is in quarantine until that succeeds", slog.String("file", key), slog.Any("error", err))
			return examined{scan: FileQuarantined}, ctx.Err()
		}
		if threat != "" {
			d.options.Log.WarnContext(ctx, "a threat was found in a file", slog.String("file", key), slog.String("threat", threat))
			return examined{scan: FileInfected, threat: threat}, d.deleteFiles(ctx, key)
		}
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return examined{}, fmt.Errorf("cannot read a file: %w", err)
		}
	}
	thumbnail, err := d.makeThumbnail(ctx, key, mediaType, content)
	return examined{scan: FileClean, thumbnail: thumbnail}, err
}

// RescanFiles scans the files in quarantine. Those that can't be scanned stay there.
func (d *DB) RescanFiles(ctx context.Context) error {
	if d.options.Scanner == nil || d.options.Files == nil {
		return nil
	}
	waiting := store.Query{Where: store.Eq("scan", string(FileQuarantined)), Limit: sweepBatch}
	uploads, err := entity.Find[Upload](ctx, d.store, Uploads.Collection, waiting)
	if err != nil {
		return err
	}
	var failed []error
	for _, upload := range uploads {
		failed = append(failed, d.rescan(ctx, upload.key(), upload.ContentType, func(found examined) error {
			set := []store.Assignment{{Field: "scan", Value: string(found.scan)}, {Field: "thumbnail", Value: found.thumbnail}}
			return ignoreNotFound(d.store.Update(ctx, Uploads.Collection, upload.ID, store.Filter{}, set))
		}))
	}
	attachments, err := d.attachments.Find(ctx, waiting)
	if err != nil {
		return err
	}
	for _, attachment := range attachments {
		failed = append(failed, d.rescan(ctx, attachment.key(), attachment.ContentType, func(found examined) error {
			_, err := d.attachments.Follow(ctx, auth.SystemScope(), attachment.ID, func(next *Attachment) (string, error) {
				next.Scan, next.Thumbnail = found.scan, found.thumbnail
				return entity.Updated, nil
			})
			return ignoreNotFound(err)
		}))
	}
	return errors.Join(failed...)
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
