package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"crm/config"
	"crm/db"
	"crm/db/backup"
	"crm/files/clamav"
	"crm/files/s3"
	"crm/notify"
)

// filesFolder is the name of the folder beside the data file with the contents of attachments.
const filesFolder = "files"

// fileSettings say where files are kept, and how clients reach them.
type fileSettings struct {
	// url is the address of this server for clients, empty if they know it.
	url string
	// bytes is how large a file may be.
	bytes int
	// s3 is the bucket with the files, if they are in one.
	s3 s3.Config
	// scanner is the address of a virus scanner, empty for none.
	scanner string
}

func (s *fileSettings) settings() []config.Setting {
	return append([]config.Setting{
		{
			Name: "FILES_URL", Value: config.Parsed(&s.url, "URL", notify.ParsePublicURL), Otherwise: "addresses of files are paths of this server",
			Description: "the address at which clients reach this server, with `BASE_PATH`; the addresses of files begin with it",
		},
		config.Limit("LIMIT_FILE_BYTES", &s.bytes, "size of a file that is attached to a ticket or a message"),
		{
			Name: "CLAMAV", Value: config.Parsed(&s.scanner, "host and port", clamav.ParseAddress),
			Description: "the address of ClamAV's clamd, such as `localhost:3310`; a file can be downloaded only after it has been scanned",
		},
	}, s.s3.Settings()...)
}

// openFiles opens the bucket with the files, if they are in one.
func (c *crm) openFiles() error {
	if !c.settings.files.s3.On() {
		return nil
	}
	bucket, err := s3.New(c.settings.files.s3)
	if err != nil {
		return err
	}
	c.files = bucket
	return nil
}

// ownFiles returns the files that are kept with the other data.
func (c *crm) ownFiles() backup.Files {
	of := backup.Files{Owners: db.FileOwners()}
	if !c.settings.files.s3.On() {
		of.Store = c.files
	}
	return of
}

// rescanPause is how long it takes until files in quarantine are scanned again.
const rescanPause = time.Minute

// rescan scans the files in quarantine until ctx is done.
func (c *crm) rescan(ctx context.Context, log *slog.Logger) {
	if c.settings.files.scanner == "" {
		return
	}
	for {
		if err := c.db.RescanFiles(ctx); err != nil && ctx.Err() == nil {
			log.Error("cannot scan the files in quarantine", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rescanPause):
		}
	}
}

// withFiles adds what is known about files to the options of package db.
func (c *crm) withFiles(options db.Options) db.Options {
	s := c.settings
	options.Files, options.FileBytes, options.FilesURL = c.files, s.files.bytes, cmp.Or(s.files.url, s.basePath)
	if s.files.scanner != "" {
		options.Scanner = clamav.New(s.files.scanner)
	}
	return options
}

// filesPath returns the path of the folder with the contents of attachments.
func filesPath(dataDir string) string { return filepath.Join(dataDir, filesFolder) }

// handleFiles adds the paths at which files are sent and received.
func handleFiles(mux *http.ServeMux, handler http.Handler) {
	mux.Handle(db.UploadPath, handler)
	mux.Handle(db.FilePath, handler)
}
