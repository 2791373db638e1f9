package files_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crm/files"
	"crm/files/filestest"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	filestest.Run(t, files.NewFolder(filepath.Join(t.TempDir(), "data", "files")))
}

// TestFolderKeepsToItself uses keys that would lead elsewhere.
func TestFolderKeepsToItself(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	folder := files.NewFolder(filepath.Join(outer, "files"))
	for _, key := range []string{"", ".", "..", "../a", "a/b", `a\b`, ".hidden", "a\x00b", "a.part", "é", strings.Repeat("a", 300)} {
		if err := folder.Put(t.Context(), key, 1, strings.NewReader("x")); err == nil {
			t.Errorf("%q is a key", key)
		}
		if err := folder.Delete(t.Context(), key); err == nil {
			t.Errorf("%q can be deleted", key)
		}
		if _, err := folder.Open(t.Context(), key); err == nil {
			t.Errorf("%q can be opened", key)
		}
	}
	if entries, err := os.ReadDir(outer); err != nil || len(entries) > 0 {
		t.Errorf("there is %v, %v", entries, err)
	}
}

// TestInterruptedFolder leaves what a killed program leaves, which isn't a file, and which Delete removes.
func TestInterruptedFolder(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	folder := files.NewFolder(path)
	if err := folder.Put(t.Context(), "ab12", 3, bytes.NewReader([]byte("old"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(path, "12", "ab12"), filepath.Join(path, "12", "ab12.part")); err != nil {
		t.Fatal(err)
	}
	err := folder.List(t.Context(), func(key string, _ int64) error {
		t.Errorf("%s is listed", key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := folder.Delete(t.Context(), "ab12"); err != nil {
		t.Error(err)
	}
	_ = filepath.WalkDir(path, func(path string, entry fs.DirEntry, _ error) error {
		if !entry.IsDir() {
			t.Errorf("%s is left", path)
		}
		return nil
	})
}
