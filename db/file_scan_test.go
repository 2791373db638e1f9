package db_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"crm/db"
	"crm/db/entity"
	"crm/db/store"
	"crm/files"
)

// namedFiles is a store in which each file contains its own key.
type namedFiles struct{ files.Store }

func (namedFiles) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	return struct {
		*bytes.Reader
		io.Closer
	}{bytes.NewReader([]byte(key)), io.NopCloser(nil)}, nil
}

// choosyScanner scans one file, and no others.
type choosyScanner struct{ only string }

func (s choosyScanner) Scan(_ context.Context, content io.Reader) (string, error) {
	all, err := io.ReadAll(content)
	if string(all) != s.only {
		return "", errors.Join(err, errors.New("INSTREAM size limit exceeded"))
	}
	return "", nil
}

// TestRescanBehindOthers scans a file that is in quarantine with many that can't be scanned.
func TestRescanBehindOthers(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, engine store.Store) {
		now := time.Now().UTC().Truncate(time.Millisecond)
		uploads, attachments := make([]store.Document, 502), make([]store.Document, 502)
		id := store.NewID()
		for i := range uploads {
			id = store.NewID()
			uploads[i] = &db.Upload{ID: id, Scan: db.FileQuarantined, CreatedAt: now, StoredAt: &now, ExpiresAt: now}
			attachments[i] = &db.Attachment{
				ID: id, TicketID: id, CustomerID: id, Visibility: db.MessagePublic, Scan: db.FileQuarantined, CreatedAt: now, UpdatedAt: now, Version: 1,
			}
		}
		if err := store.Load(t.Context(), engine, db.Uploads.Collection, uploads); err != nil {
			t.Fatal(err)
		}
		if err := store.Load(t.Context(), engine, db.Attachments.Collection, attachments); err != nil {
			t.Fatal(err)
		}
		d := db.New(engine, nil, db.Options{Files: namedFiles{}, Scanner: choosyScanner{id.String()}})
		if err := d.RescanFiles(t.Context()); err != nil {
			t.Error(err)
		}
		clean := store.Query{Where: store.Eq("scan", string(db.FileClean))}
		stored, err := entity.Find[db.Upload](t.Context(), engine, db.Uploads.Collection, clean)
		if err != nil || len(stored) != 1 || stored[0].ID != id {
			t.Errorf("the uploads %v are clean, %v", stored, err)
		}
		attached, err := entity.Find[db.Attachment](t.Context(), engine, db.Attachments.Collection, clean)
		if err != nil || len(attached) != 1 || attached[0].ID != id {
			t.Errorf("the attachments %v are clean, %v", attached, err)
		}
	})
}
