package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"crm/db/store"
	"crm/files"
)

// Files are the files of a store: those whose keys are the ids of the documents of some collections, and their thumbnails.
type Files struct {
	// Store is nil if the files are kept elsewhere, where they stay.
	Store files.Store
	// Owners are the collections. A document with a field stored_at has no file before that time.
	Owners []*store.Collection
}

// hasFile reports whether a document of an owner has a complete file. What is being received is no matter of a backup.
func hasFile(doc *store.Record) bool {
	if _, ok := doc.Collection.Field(storedAt); !ok {
		return true
	}
	return doc.Value(doc.Collection.FieldIndex(storedAt)) != nil
}

const storedAt = "stored_at"

// keysOf returns the keys of the files that a document may have.
func keysOf(id store.ID) []string { return []string{id.String(), files.ThumbnailKey(id.String())} }

// open opens a file and returns its size; it fails with fs.ErrNotExist if there is none.
func open(ctx context.Context, from files.Store, key string) (content io.ReadSeekCloser, size int64, err error) {
	content, err = from.Open(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	size, err = content.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(err, content.Close())
	}
	return content, size, nil
}

// files writes the files of the documents that were written.
func (w *writer) files(ctx context.Context, of Files) error {
	if of.Store == nil {
		return nil
	}
	slices.SortFunc(w.owning, func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(w.owning) { // an attachment and its upload have the same file
		for _, key := range keysOf(id) {
			if err := w.file(ctx, of.Store, key); err != nil {
				return fmt.Errorf("cannot back up file %s: %w", key, err)
			}
		}
	}
	return nil
}

// file writes a file, unless there is none.
func (w *writer) file(ctx context.Context, from files.Store, key string) error {
	content, size, err := open(ctx, from, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	if err := w.encoded(line{File: &fileStart{Key: key, Size: size}}); err != nil {
		return err
	}
	part := make([]byte, min(partBytes, size))
	for left := size; left > 0; left -= int64(len(part)) {
		part = part[:min(left, int64(len(part)))]
		if _, err := io.ReadFull(content, part); err != nil {
			return err
		}
		if err := w.encoded(line{Part: part}); err != nil {
			return err
		}
	}
	w.written.Files++
	return nil
}

// file reads a file, for take.
func (r *reader) file(start fileStart, take func(key string, size int64, content io.Reader) error) error {
	content := &parts{reader: r, left: start.Size}
	if err := take(start.Key, start.Size, content); err != nil {
		return fmt.Errorf("file %s of the backup: %w", start.Key, err)
	}
	if content.left > 0 || len(content.part) > 0 {
		return fmt.Errorf("file %s of the backup was not read to its end", start.Key)
	}
	return nil
}

// parts reads the parts of a file.
type parts struct {
	reader *reader
	part   []byte
	// left is how much of the file is in the lines that follow.
	left int64
}

// Read implements io.Reader.
func (p *parts) Read(into []byte) (int, error) {
	if len(p.part) == 0 {
		if p.left == 0 {
			return 0, io.EOF
		}
		l, err := p.reader.nextLine()
		if err != nil {
			return 0, err
		}
		if len(l.Part) == 0 || int64(len(l.Part)) > p.left {
			return 0, errors.New("the backup is damaged: a part of a file is missing")
		}
		p.part = l.Part
		p.left -= int64(len(p.part))
	}
	n := copy(into, p.part)
	p.part = p.part[n:]
	return n, nil
}

// CopyFiles copies the files of a store's documents that others lack or have with another size.
func CopyFiles(ctx context.Context, f store.Finder, from Files, to files.Store) error {
	for _, c := range from.Owners {
		err := store.EachPage(ctx, f, c, 0, func(page []*store.Record) error {
			for _, doc := range page {
				if err := copyFiles(ctx, doc, from.Store, to); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFiles copies the files of a document.
func copyFiles(ctx context.Context, doc *store.Record, from, to files.Store) error {
	if !hasFile(doc) {
		return nil
	}
	for _, key := range keysOf(idOf(doc)) {
		if err := copyFile(ctx, from, to, key); err != nil {
			return fmt.Errorf("cannot copy file %s: %w", key, err)
		}
	}
	return nil
}

// copyFile copies a file unless the other store has it, or there is none.
func copyFile(ctx context.Context, from, to files.Store, key string) error {
	content, size, err := open(ctx, from, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	there, sizeThere, err := open(ctx, to, key)
	if err == nil {
		err = there.Close()
	} else if errors.Is(err, fs.ErrNotExist) {
		sizeThere, err = -1, nil
	}
	if err != nil || sizeThere == size {
		return err
	}
	return to.Put(ctx, key, size, content)
}
