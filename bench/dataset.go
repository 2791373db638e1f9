package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db"
	engine "crm/db/sqlite"
	"crm/db/store"
)

// dataFile is the name of the server's data file.
const dataFile = "crm.db"

// makeData creates a file with the data of the world in a folder. The engine itself creates the empty file, so tables and
// indexes are those of the server.
func makeData(ctx context.Context, folder string, w *world, progress *progress) (path string, err error) {
	path = filepath.Join(folder, dataFile)
	nothing := func(store.Store) error { return nil }
	if err := withStore(ctx, path, nothing); err != nil {
		return "", err
	}
	if err := fill(ctx, path, w, progress); err != nil {
		return "", fmt.Errorf("cannot create the data: %w", err)
	}
	// Once, so that no measured start does it.
	return path, withStore(ctx, path, func(s store.Store) error {
		return db.New(s, nil, db.Options{}).Upgrade(ctx, slog.New(slog.DiscardHandler))
	})
}

// withStore opens the file with the server's engine for the time of use.
func withStore(ctx context.Context, path string, use func(store.Store) error) error {
	opened, err := engine.Open(ctx, path, db.Collections())
	if err != nil {
		return err
	}
	return errors.Join(use(opened), opened.Close())
}

// copyData copies the data to a new folder of a server, and syncs it to disk before any measurement.
func copyData(from, folder string) (err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	copied, err := os.OpenFile(filepath.Join(folder, dataFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = copied.ReadFrom(source) // without copying any bytes if the file system supports that
	return errors.Join(err, copied.Sync(), copied.Close())
}

func execute(conn *sqlite.Conn, statements ...string) error {
	for _, statement := range statements {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
