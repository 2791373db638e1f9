package main

import (
	"log/slog"
	"strings"
	"testing"

	"crm/db"
	"crm/files/s3"
)

// TestOpenWithoutFiles opens a store whose files can't be reached: the data file is free for the next attempt.
func TestOpenWithoutFiles(t *testing.T) {
	t.Parallel()
	s := newSettings()
	s.dataDir = t.TempDir()
	s.files.s3 = s3.Config{Bucket: "crm", Endpoint: "http://["}
	log := slog.New(slog.DiscardHandler)
	if _, err := open(t.Context(), s, log, db.Options{}); err == nil || !strings.HasPrefix(err.Error(), "FILES_S3_ENDPOINT: ") {
		t.Errorf("the error is %v", err)
	}
	s.files.s3 = s3.Config{}
	c, err := open(t.Context(), s, log, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.close()
}
