package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"crm/db/store"
)

var (
	errCutOff = errors.New("the backup is cut off: its end is missing")
	errOther  = errors.New("this is not a backup")
)

// Read reads a backup and calls each for every document, with its collection. Until it has returned nil, it is open whether the
// backup is complete.
func Read(in io.Reader, collections []*store.Collection, each func(c *store.Collection, doc store.Document) error) (Header, error) {
	compressed, err := zstd.NewReader(in)
	if err != nil {
		return Header{}, fmt.Errorf("cannot read the backup: %w", err)
	}
	defer compressed.Close()
	r := &reader{in: bufio.NewReaderSize(compressed, 1<<20), each: each, collections: make(map[string]*store.Collection)}
	for _, c := range collections {
		r.collections[c.Name] = c
	}
	header, err := r.header()
	if err != nil {
		return Header{}, err
	}
	digest := sha256.New()
	_, _ = digest.Write(r.text)
	for documents := 0; ; documents++ {
		if err := r.next(); err != nil {
			return header, err
		}
		var l line
		if err := json.Unmarshal(r.text, &l); err != nil {
			return header, fmt.Errorf("document %d of the backup is damaged: %w", documents+1, err)
		}
		if l.End != nil {
			return header, r.end(*l.End, trailer{Documents: documents, SHA256: hex.EncodeToString(digest.Sum(nil))})
		}
		_, _ = digest.Write(r.text)
		if err := r.document(l); err != nil {
			return header, fmt.Errorf("document %d of the backup: %w", documents+1, err)
		}
	}
}

// Ignore is for Read if only the backup itself is to be checked.
func Ignore(*store.Collection, store.Document) error { return nil }

type reader struct {
	in          *bufio.Reader
	collections map[string]*store.Collection
	each        func(c *store.Collection, doc store.Document) error
	// text is the current line, with its end.
	text []byte
}

// next reads the next line.
func (r *reader) next() error {
	text, err := r.in.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCutOff
	case err != nil:
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	r.text = text
	return nil
}

func (r *reader) header() (Header, error) {
	var header Header
	if err := r.next(); err != nil {
		if errors.Is(err, zstd.ErrMagicMismatch) {
			return Header{}, errOther
		}
		return Header{}, err
	}
	if err := json.Unmarshal(r.text, &header); err != nil || header.Format != format {
		return Header{}, errOther
	}
	if header.Version > version {
		return Header{}, fmt.Errorf("the backup is of a newer version, %s", header.Program)
	}
	return header, nil
}

func (r *reader) document(l line) error {
	c := r.collections[l.Collection]
	if c == nil {
		return fmt.Errorf("this version doesn't know the collection %q", l.Collection)
	}
	doc := store.NewRecord(c)
	if err := decode(doc, l.Document); err != nil {
		return err
	}
	return r.each(c, doc)
}

// end compares the trailer with what was read.
func (r *reader) end(stated, found trailer) error {
	if stated != found {
		return errors.New("the backup is damaged: its content doesn't match its digest")
	}
	if _, err := r.in.Peek(1); !errors.Is(err, io.EOF) {
		return errors.New("the backup is damaged: something follows its end")
	}
	return nil
}
