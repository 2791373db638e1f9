package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"crm/db/store"
)

var (
	errCutOff = errors.New("the backup is cut off: its end is missing")
	errOther  = errors.New("this is not a backup")
)

// Read reads a backup and calls each for every document, with its collection, and file for every file. Until it has returned nil, it is
// open whether the backup is complete.
func Read(
	in io.Reader, collections []*store.Collection, each func(c *store.Collection, doc store.Document) error,
	file func(key string, size int64, content io.Reader) error,
) (Header, error) {
	compressed, err := zstd.NewReader(in)
	if err != nil {
		return Header{}, fmt.Errorf("cannot read the backup: %w", err)
	}
	defer compressed.Close()
	r := &reader{
		in: bufio.NewReaderSize(compressed, 1<<20), each: each, collections: make(map[string]*store.Collection), digest: sha256.New(),
	}
	for _, c := range collections {
		r.collections[c.Name] = c
	}
	header, err := r.header()
	if err != nil {
		return Header{}, err
	}
	for {
		l, err := r.nextLine()
		switch {
		case err != nil:
			return header, err
		case l.End != nil:
			r.read.SHA256 = hex.EncodeToString(r.digest.Sum(nil))
			return header, r.end(*l.End)
		case l.File != nil:
			err = r.file(*l.File, file)
			r.read.Files++
		default:
			err = r.document(l)
			r.read.Documents++
		}
		if err != nil {
			return header, err
		}
	}
}

// Ignore and IgnoreFile are for Read if only the backup itself is to be checked.
func Ignore(*store.Collection, store.Document) error { return nil }

// IgnoreFile reads a file's content.
func IgnoreFile(_ string, _ int64, content io.Reader) error {
	_, err := io.Copy(io.Discard, content)
	return err
}

type reader struct {
	in          *bufio.Reader
	collections map[string]*store.Collection
	each        func(c *store.Collection, doc store.Document) error
	// text is the current line, with its end, and lines its number.
	text  []byte
	lines int
	// read counts what has been read, and digest is that of the lines before the current one.
	read   trailer
	digest hash.Hash
}

// next reads the next line.
func (r *reader) next() error {
	_, _ = r.digest.Write(r.text) // a hash never fails
	text, err := r.in.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCutOff
	case err != nil:
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	r.text = text
	r.lines++
	return nil
}

// nextLine reads and decodes the next line.
func (r *reader) nextLine() (l line, err error) {
	if err := r.next(); err != nil {
		return line{}, err
	}
	if err := json.Unmarshal(r.text, &l); err != nil {
		return line{}, fmt.Errorf("line %d of the backup is damaged: %w", r.lines, err)
	}
	return l, nil
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
		return fmt.Errorf("document %d of the backup: %w", r.read.Documents+1, err)
	}
	if err := r.each(c, doc); err != nil {
		return fmt.Errorf("document %d of the backup: %w", r.read.Documents+1, err)
	}
	return nil
}

// end compares the trailer with what was read.
func (r *reader) end(stated trailer) error {
	if stated != r.read {
		return errors.New("the backup is damaged: its content doesn't match its digest")
	}
	if _, err := r.in.Peek(1); !errors.Is(err, io.EOF) {
		return errors.New("the backup is damaged: something follows its end")
	}
	return nil
}
