// Package sqlitetest opens embedded stores for tests.
package sqlitetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"crm/db/sqlite"
	"crm/db/store"
)

// template is a file with the tables and indexes of some collections, and no documents.
type template struct {
	collections []*store.Collection
	content     func() ([]byte, error)
}

// templates are the files that the tests of this process start from. Copying one takes a fraction of the time that its tables and
// indexes take, which is a second with the race detector.
var templates struct {
	sync.Mutex
	made []template
}

// Open opens a store that is closed when the test ends. If its file is missing, it is made with all tables and indexes.
func Open(tb testing.TB, path string, collections []*store.Collection) *sqlite.Store {
	tb.Helper()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		content, err := templateOf(collections).content()
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	s, err := sqlite.Open(tb.Context(), path, collections)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return s
}

// OpenNew opens a new store in a folder of its own.
func OpenNew(tb testing.TB, collections []*store.Collection) *sqlite.Store {
	tb.Helper()
	return Open(tb, filepath.Join(Folder(tb), "crm.db"), collections)
}

func templateOf(collections []*store.Collection) template {
	templates.Lock()
	defer templates.Unlock()
	for _, t := range templates.made {
		if slices.Equal(t.collections, collections) {
			return t
		}
	}
	t := template{collections, sync.OnceValues(func() ([]byte, error) { return build(collections) })}
	templates.made = append(templates.made, t)
	return t
}

// build returns the content of the file of a new store.
func build(collections []*store.Collection) (_ []byte, err error) {
	folder, err := os.MkdirTemp("", "sqlitetest")
	if err != nil {
		return nil, fmt.Errorf("cannot make a template: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "crm.db")
	s, err := sqlite.Open(context.Background(), path, collections)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.EnsureIndexes(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // closing has moved the log into it
}
