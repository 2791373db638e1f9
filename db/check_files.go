package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"crm/db/store"
	"crm/files"
)

// checkFiles reports attachments whose content is missing, and files that belong to nothing.
func (d *DB) checkFiles(ctx context.Context, report func(string) error) error {
	if d.options.Files == nil {
		return nil
	}
	sizes := make(map[string]int64)
	err := d.options.Files.List(ctx, func(key string, size int64) error {
		sizes[key] = size
		return nil
	})
	if err != nil {
		return err
	}
	err = store.EachPage(ctx, d.store, Attachments.Collection, 0, func(page []*store.Record) error {
		for _, doc := range page {
			if err := d.checkFile(ctx, doc, sizes, report); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.checkOwners(ctx, sizes, report)
}

// checkFile reports the content of an attachment if it is missing or has another size, and removes its files from sizes. One that is
// written or deleted meanwhile is looked at once more.
func (d *DB) checkFile(ctx context.Context, doc *store.Record, sizes map[string]int64, report func(string) error) error {
	var a Attachment
	for i, pointer := range a.Pointers(nil) {
		if err := store.SetValue(pointer, doc.Value(i)); err != nil {
			return err
		}
	}
	size, found := sizes[a.key()]
	delete(sizes, a.key())
	delete(sizes, files.ThumbnailKey(a.key()))
	if a.Scan == FileInfected || found && size == int64(a.Size) {
		return nil
	}
	if !found {
		content, err := d.options.Files.Open(ctx, a.key())
		if err == nil {
			return content.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	still, err := d.attachments.CountAll(ctx, store.Eq("_id", a.ID))
	switch {
	case err != nil || still == 0:
		return err
	case !found:
		return report(fmt.Sprintf("attachment %s: its file is missing", a.GlobalID()))
	}
	return report(fmt.Sprintf("attachment %s: its file has %d bytes, not %d", a.GlobalID(), size, a.Size))
}

// checkOwners reports those of the files that belong to no upload either.
func (d *DB) checkOwners(ctx context.Context, sizes map[string]int64, report func(string) error) error {
	for key := range sizes {
		name, _, _ := strings.Cut(key, ".")
		id, err := store.ParseID(name)
		if err != nil {
			continue // a file of something else
		}
		owners := 0
		for _, c := range FileOwners() {
			n, err := d.store.Count(ctx, c, store.Eq("_id", id))
			if err != nil {
				return err
			}
			owners += n
		}
		if owners > 0 {
			continue
		}
		if err := report(fmt.Sprintf("file %s belongs to no attachment", key)); err != nil {
			return err
		}
	}
	return nil
}
