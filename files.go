package main

import (
	"cmp"
	"net/http"
	"path/filepath"

	"crm/config"
	"crm/db"
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
}

func (s *fileSettings) settings() []config.Setting {
	return []config.Setting{
		{
			Name: "FILES_URL", Value: config.Parsed(&s.url, "URL", notify.ParsePublicURL), Otherwise: "addresses of files are paths of this server",
			Description: "the address at which clients reach this server, with `BASE_PATH`; the addresses of files begin with it",
		},
		config.Limit("LIMIT_FILE_BYTES", &s.bytes, "size of a file that is attached to a ticket or a message"),
	}
}

// withFiles adds what is known about files to the options of package db.
func (c *crm) withFiles(options db.Options) db.Options {
	s := c.settings
	options.Files, options.FileBytes, options.FilesURL = c.files, s.files.bytes, cmp.Or(s.files.url, s.basePath)
	return options
}

// filesPath returns the path of the folder with the contents of attachments.
func filesPath(dataDir string) string { return filepath.Join(dataDir, filesFolder) }

// handleFiles adds the paths at which files are sent and received.
func handleFiles(mux *http.ServeMux, handler http.Handler) {
	mux.Handle(db.UploadPath, handler)
	mux.Handle(db.FilePath, handler)
}
