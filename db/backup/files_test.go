package backup_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"crm/db"
	"crm/db/backup"
	"crm/db/sqlite"
	"crm/db/store"
	"crm/files"
)

// storedFile stores a file and its upload, which is marked as received if complete.
func storedFile(t *testing.T, engine store.Store, kept files.Store, complete bool) (key string) {
	t.Helper()
	upload := &db.Upload{ID: store.NewID(), FileName: "a.txt", Size: 5, Scan: db.FileClean, CreatedAt: time.Now().UTC().Truncate(time.Millisecond)}
	if complete {
		upload.StoredAt = &upload.CreatedAt
	}
	if err := engine.Insert(t.Context(), db.Uploads.Collection, upload); err != nil {
		t.Fatal(err)
	}
	if err := kept.Put(t.Context(), upload.ID.String(), 5, strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	return upload.ID.String()
}

// TestFileThatIsReceived backs up and copies files while another one is being received, which may vanish at any moment.
func TestFileThatIsReceived(t *testing.T) {
	t.Parallel()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "crm.db"), db.Collections())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	of := backup.Files{Store: files.NewFolder(t.TempDir()), Owners: db.FileOwners()}
	complete := storedFile(t, engine, of.Store, true)
	storedFile(t, engine, of.Store, false)
	var written bytes.Buffer
	if err := backup.Write(t.Context(), engine, db.BackedUp(), of, backup.Header{}, &written); err != nil {
		t.Fatal(err)
	}
	other := files.NewFolder(t.TempDir())
	_, err = backup.Read(bytes.NewReader(written.Bytes()), db.BackedUp(), backup.Ignore, putInto(t, other))
	if got := keysIn(t, other); err != nil || got != complete {
		t.Errorf("the backup has the files %s, %v", got, err)
	}
	copied := files.NewFolder(t.TempDir())
	for range 2 {
		if err := backup.CopyFiles(t.Context(), engine, of, copied); err != nil {
			t.Fatal(err)
		}
	}
	if got := keysIn(t, copied); got != complete {
		t.Errorf("the files %s are copied", got)
	}
}

// TestDamagedLine damages a line after those of a file: the error names it.
func TestDamagedLine(t *testing.T) {
	t.Parallel()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "crm.db"), db.Collections())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	of := backup.Files{Store: files.NewFolder(t.TempDir()), Owners: db.FileOwners()}
	storedFile(t, engine, of.Store, true)
	var written bytes.Buffer
	if err := backup.Write(t.Context(), engine, db.BackedUp(), of, backup.Header{}, &written); err != nil {
		t.Fatal(err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	text, err := decoder.DecodeAll(written.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Replace(text, []byte(`{"end":`), []byte(`{"end"?`), 1)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = backup.Read(bytes.NewReader(encoder.EncodeAll(damaged, nil)), db.BackedUp(), backup.Ignore, backup.IgnoreFile)
	if err == nil || !strings.HasPrefix(err.Error(), "line 5 of the backup is damaged") { // after the header, the upload, its file and a part
		t.Errorf("the error is %v", err)
	}
}

func putInto(t *testing.T, into files.Store) func(key string, size int64, content io.Reader) error {
	t.Helper()
	return func(key string, size int64, content io.Reader) error {
		return into.Put(t.Context(), key, size, content)
	}
}

func keysIn(t *testing.T, kept files.Store) string {
	t.Helper()
	var keys []string
	err := kept.List(t.Context(), func(key string, _ int64) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(keys, " ")
}
