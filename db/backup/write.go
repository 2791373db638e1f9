package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"crm/db/store"
)

// moved is how many events are moved into the log at a time.
const moved = 100

// Write writes a backup of these collections of a store, and of the files that belong to their documents. The header's format, version and
// Exact are filled in.
//
// Events that are still pending are moved into the log first. What is changed while a MongoDB that has no snapshots is
// read may be in the backup without its event, or with references to documents that aren't in it yet; Header.Exact says so.
func Write(
	ctx context.Context, s store.Store, collections []*store.Collection, of Files, header Header, out io.Writer,
) (err error) {
	if err := moveEvents(ctx, s); err != nil {
		return err
	}
	compressed, err := zstd.NewWriter(out, zstd.WithAllLitEntropyCompression(true)) // or parts of files would take a third more
	if err != nil {
		return fmt.Errorf("cannot compress: %w", err)
	}
	w := &writer{out: compressed, digest: sha256.New(), owners: of.Owners}
	read := func(ctx context.Context, f store.Finder, exact bool) error {
		header.Format, header.Version, header.Exact = format, version, exact
		return w.writeAll(ctx, f, collections, header)
	}
	if snapshotter, ok := s.(store.Snapshotter); ok {
		err = snapshotter.Snapshot(ctx, read)
	} else {
		err = read(ctx, s, false)
	}
	if err == nil {
		err = w.files(ctx, of)
	}
	if err == nil {
		err = w.end()
	}
	return errors.Join(err, compressed.Close())
}

func moveEvents(ctx context.Context, s store.Store) error {
	for {
		n, err := s.MoveEvents(ctx, moved)
		if err != nil {
			return fmt.Errorf("cannot move events into the log: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

// writer writes lines.
type writer struct {
	out     io.Writer
	digest  hash.Hash
	written trailer
	// owners are the collections whose documents have files, owning the ids of those that were written.
	owners []*store.Collection
	owning []store.ID
}

func (w *writer) writeAll(ctx context.Context, f store.Finder, collections []*store.Collection, header Header) error {
	first, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("cannot write the header: %w", err)
	}
	if err := w.line(first); err != nil {
		return err
	}
	for _, c := range collections {
		if err := w.collection(ctx, f, c); err != nil {
			return fmt.Errorf("cannot back up %s: %w", c.Name, err)
		}
	}
	return nil
}

// end writes the trailer.
func (w *writer) end() error {
	w.written.SHA256 = hex.EncodeToString(w.digest.Sum(nil))
	return w.encoded(line{End: &w.written})
}

func (w *writer) encoded(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("cannot write a line: %w", err)
	}
	return w.line(text)
}

// collection writes all documents of a collection.
func (w *writer) collection(ctx context.Context, f store.Finder, c *store.Collection) error {
	owns := slices.Contains(w.owners, c)
	return store.EachPage(ctx, f, c, 0, func(page []*store.Record) error {
		for _, doc := range page {
			encoded, err := encode(doc)
			if err != nil {
				return err
			}
			if err := w.line(encoded); err != nil {
				return err
			}
			w.written.Documents++
			if owns && hasFile(doc) {
				w.owning = append(w.owning, idOf(doc))
			}
		}
		return nil
	})
}

func (w *writer) line(text []byte) error {
	text = append(text, '\n')
	_, _ = w.digest.Write(text) // a hash never fails
	_, err := w.out.Write(text)
	return err
}
