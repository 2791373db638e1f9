package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"crm/db"
	engine "crm/db/sqlite"
)

// dataFile is the name that the server gives its data.
const dataFile = "crm.db"

// prepareData returns the file with the data of the world, which it makes unless it was kept from an earlier run.
func prepareData(ctx context.Context, folder string, w *world, progress *progress) (string, error) {
	draft, err := os.MkdirTemp(folder, "making-")
	if err != nil {
		return "", fmt.Errorf("cannot make the data's folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(draft) }() // it is gone already if the data was new
	fresh := filepath.Join(draft, dataFile)
	schema, err := createEmpty(ctx, fresh)
	if err != nil {
		return "", err
	}
	kept := filepath.Join(folder, fmt.Sprintf("customers-%d-%s", w.customers, fingerprint(schema)))
	if _, err := os.Stat(filepath.Join(kept, dataFile)); err == nil {
		return filepath.Join(kept, dataFile), nil
	}
	began := time.Now()
	if err := fill(ctx, fresh, w, progress); err != nil {
		return "", fmt.Errorf("cannot make the data: %w", err)
	}
	if err := removeOutdated(folder, w.customers); err != nil {
		return "", err
	}
	if err := os.Rename(draft, kept); err != nil {
		return "", fmt.Errorf("cannot keep the data: %w", err)
	}
	progress.note("made the data of %d customers in %.1f s", w.customers, time.Since(began).Seconds())
	return filepath.Join(kept, dataFile), nil
}

// createEmpty has the engine itself make the file, so that tables and indexes are those of the server. It returns their
// definitions.
func createEmpty(ctx context.Context, path string) (schema []string, err error) {
	store, err := engine.Open(ctx, path, db.Collections())
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return texts(conn, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
}

// fingerprint changes with the definitions and with the content, so that outdated data is never used.
func fingerprint(schema []string) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(dataVersion, "\n", strings.Join(schema, "\n"))))
	return hex.EncodeToString(sum[:4])
}

// removeOutdated removes data of the same size that an earlier schema left: it may be gigabytes.
func removeOutdated(folder string, customers int) error {
	old, err := filepath.Glob(filepath.Join(folder, fmt.Sprintf("customers-%d-*", customers)))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("cannot remove outdated data: %w", err)
		}
	}
	return nil
}

func texts(conn *sqlite.Conn, query string) (found []string, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		found = append(found, stmt.ColumnText(0))
		return nil
	}})
	return found, err
}

func execute(conn *sqlite.Conn, statements ...string) error {
	for _, statement := range statements {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
