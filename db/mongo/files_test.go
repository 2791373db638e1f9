package mongo_test

import (
	"bytes"
	"io"
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/mongo/mongotest"
	"crm/files/filestest"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	filestest.Run(t, mongotest.Open(t).Files())
}

// TestFilesAreGridFS reads with the driver's GridFS what was stored, and the other way round.
func TestFilesAreGridFS(t *testing.T) {
	t.Parallel()
	database := mongotest.Database(t)
	ours, theirs := mongotest.OpenOn(t, database, nil).Files(), database.GridFSBucket()
	content := bytes.Repeat([]byte("0123456789"), 60_000)
	if err := ours.Put(t.Context(), "ours", int64(len(content)), bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	var read bytes.Buffer
	if _, err := theirs.DownloadToStream(t.Context(), "ours", &read); err != nil || !bytes.Equal(read.Bytes(), content) {
		t.Errorf("GridFS reads %d bytes, %v", read.Len(), err)
	}
	if err := theirs.UploadFromStreamWithID(t.Context(), "theirs", "a name", bytes.NewReader(content), options.GridFSUpload().SetChunkSizeBytes(50_000)); err != nil {
		t.Fatal(err)
	}
	file, err := ours.Open(t.Context(), "theirs")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes of a file of GridFS are read, %v", len(got), err)
	}
	if err := ours.Delete(t.Context(), "theirs"); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.OpenDownloadStream(t.Context(), "theirs"); err != driver.ErrFileNotFound { //nolint:errorlint // the driver doesn't wrap it
		t.Errorf("a deleted file is opened with %v", err)
	}
}
