package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db"
	engine "crm/db/sqlite"
	"crm/db/store"
)

// dataFile is the name of a server's data file.
const dataFile = "crm.db"

// makeOnce makes a file, unless an earlier run with the same --keep has.
func makeOnce(path string, create func(path string) error) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(path), "unfinished-")
	if err != nil {
		return err
	}
	made := filepath.Join(unfinished, filepath.Base(path))
	if err = create(made); err != nil {
		err = fmt.Errorf("cannot create the data: %w", err)
	} else {
		err = os.Rename(made, path)
	}
	return errors.Join(err, os.RemoveAll(unfinished))
}

// makeData creates a file with the data of the world. The engine itself creates the empty file, so tables and indexes are those
// of the server.
func makeData(ctx context.Context, path string, w *world, progress *progress) error {
	nothing := func(store.Store) error { return nil }
	if err := withStore(ctx, path, nothing); err != nil {
		return err
	}
	err := withFile(ctx, path, func(conn *sqlite.Conn) error { return fill(conn, w, progress) })
	if err != nil {
		return err
	}
	progress.show("building the indexes")
	return withStore(ctx, path, func(s store.Store) error {
		if err := s.EnsureIndexes(ctx); err != nil {
			return err
		}
		return db.New(s, nil, db.Options{}).Upgrade(ctx, slog.New(slog.DiscardHandler)) // so that no measured start does it
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

// withFile opens a file for the time of filling it. It journals and syncs nothing until the end, because a crash may corrupt a
// file that is not in use yet.
func withFile(ctx context.Context, path string, fill func(*sqlite.Conn) error) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	err = execute(conn, "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
		"PRAGMA cache_size = -262144")
	if err != nil {
		return err
	}
	if err := fill(conn); err != nil {
		return err
	}
	return execute(conn, "PRAGMA synchronous = FULL", "PRAGMA journal_mode = WAL")
}

// copyData copies the data to a new folder of a server, and syncs it to disk before any measurement.
func copyData(from, folder string) (path string, err error) {
	path = filepath.Join(folder, dataFile)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	source, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer func() { _ = source.Close() }() // it was only read
	copied, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = copied.ReadFrom(source) // without copying any bytes if the file system supports that
	return path, errors.Join(err, copied.Sync(), copied.Close())
}

func execute(conn *sqlite.Conn, statements ...string) error {
	for _, statement := range statements {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
