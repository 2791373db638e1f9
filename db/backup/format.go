// Package backup writes all documents of a store to a file, and reads them back into an empty store of any engine.
//
// A backup is a stream of lines, compressed with zstd. The first line is a Header. Each of those that follow is a document with the
// name of its collection. After the documents come the contents of files: for each a line with its key and size, and lines with its
// parts. The last line is the trailer, which has the number of documents and files and the SHA-256 digest of all lines before it. So a
// backup that was cut off is no backup.
package backup

import (
	"encoding/json"
	"fmt"
	"time"

	"crm/db/store"
)

// format and version identify the format. A program reads its own version and earlier ones.
const (
	format  = "crm-backup"
	version = 2 // the first one with files
)

// Header is the first line of a backup.
type Header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	// Program is the version of the program that wrote it.
	Program string `json:"program"`
	// Exact says that the documents are those of one moment.
	Exact bool `json:"exact"`
	// Keys are the keys of the server, if they are included, by the names of their variables.
	Keys map[string]string `json:"keys,omitempty"`
}

// line is any line but the first: a document, the beginning or a part of a file, or the trailer.
type line struct {
	Collection string                     `json:"c,omitempty"`
	Document   map[string]json.RawMessage `json:"d,omitempty"`
	File       *fileStart                 `json:"f,omitempty"`
	Part       []byte                     `json:"p,omitempty"`
	End        *trailer                   `json:"end,omitempty"`
}

// fileStart begins a file. Lines with parts follow until there are as many bytes.
type fileStart struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
}

// partBytes is the size of the parts of files.
const partBytes = 192 << 10

type trailer struct {
	Documents int    `json:"documents"`
	Files     int    `json:"files,omitempty"`
	SHA256    string `json:"sha256"`
}

// encode returns the line of a document.
func encode(d *store.Record) ([]byte, error) {
	fields := make(map[string]json.RawMessage, len(d.Collection.Fields))
	for i, f := range d.Collection.Fields {
		value := d.Value(i)
		switch v := value.(type) {
		case nil:
			continue // absent and null are the same
		case store.ID:
			value = v.String()
		case time.Time:
			value = v.UTC()
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("cannot write %s.%s: %w", d.Collection.Name, f.Name, err)
		}
		fields[f.Name] = encoded
	}
	return json.Marshal(line{Collection: d.Collection.Name, Document: fields})
}

// decode reads the fields of a document's line. Those that it lacks, because an earlier version wrote it, get their defaults.
func decode(d *store.Record, fields map[string]json.RawMessage) error {
	for i, f := range d.Collection.Fields {
		raw, given := fields[f.Name]
		value := f.Default
		if given {
			var err error
			if value, err = decodeValue(f, raw); err != nil {
				return fmt.Errorf("%s.%s: %w", d.Collection.Name, f.Name, err)
			}
		} else if source, ok := fields[f.Fallback]; ok && f.Type == store.TypeTime {
			value, _ = decodeValue(f, source) // what isn't a time is no fallback
		}
		delete(fields, f.Name)
		if value == nil {
			continue
		}
		if err := d.Set(i, value); err != nil {
			return fmt.Errorf("%s.%s: %w", d.Collection.Name, f.Name, err)
		}
	}
	for name := range fields {
		return fmt.Errorf("%s has a field %q, which this version doesn't know", d.Collection.Name, name)
	}
	return nil
}

func decodeValue(f store.Field, raw json.RawMessage) (any, error) {
	switch f.Type {
	case store.TypeID:
		text, err := decodeAs[string](raw)
		if err != nil {
			return nil, err
		}
		return store.ParseID(text.(string))
	case store.TypeString:
		return decodeAs[string](raw)
	case store.TypeTime:
		return decodeAs[time.Time](raw)
	case store.TypeInt:
		return decodeAs[int](raw)
	case store.TypeBool:
		return decodeAs[bool](raw)
	}
	return nil, fmt.Errorf("has type %d, which this version doesn't know", f.Type)
}

func decodeAs[T any](raw json.RawMessage) (any, error) {
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	return value, nil
}
