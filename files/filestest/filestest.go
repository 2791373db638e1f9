// Package filestest is the suite that every files.Store passes.
package filestest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"crm/files"
)

// Run runs the suite on an empty store.
func Run(t *testing.T, s files.Store) {
	t.Helper()
	ctx := t.Context()
	for _, size := range []int{0, 1, 255 << 10, 255<<10 + 1, 600_000} {
		content := random(size)
		if err := s.Put(ctx, "a1", int64(size), iotest.HalfReader(bytes.NewReader(content))); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		checkContent(ctx, t, s, "a1", content)
	}
	testRanges(ctx, t, s)
	testFailures(ctx, t, s)
	put(ctx, t, s, files.ThumbnailKey("a1"), []byte("small"))
	checkKeys(ctx, t, s, "a1", "a1.thumbnail")
	for range 2 { // again does nothing
		if err := s.Delete(ctx, "a1"); err != nil {
			t.Fatal(err)
		}
	}
	checkKeys(ctx, t, s, "a1.thumbnail")
	if _, err := s.Open(ctx, "a1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a deleted file is opened with %v", err)
	}
}

// testRanges reads parts of a file.
func testRanges(ctx context.Context, t *testing.T, s files.Store) {
	t.Helper()
	content := random(600_000)
	put(ctx, t, s, "a1", content)
	file, err := s.Open(ctx, "a1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if size, err := file.Seek(0, io.SeekEnd); err != nil || size != int64(len(content)) {
		t.Fatalf("the size is %d, %v", size, err)
	}
	for _, from := range []int{599_999, 0, 261_119, 261_120, 300_000, 600_000} {
		if _, err := file.Seek(int64(from), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, min(1_000, len(content)-from))
		if _, err := io.ReadFull(file, got); err != nil || !bytes.Equal(got, content[from:from+len(got)]) {
			t.Errorf("reading from %d: %v, or another content", from, err)
		}
	}
}

// testFailures interrupts writing, after which there must be no file.
func testFailures(ctx context.Context, t *testing.T, s files.Store) {
	t.Helper()
	errBroken := errors.New("the line is broken")
	content := random(400_000)
	for name, reader := range map[string]io.Reader{
		"short": bytes.NewReader(content[:399_999]), "long": bytes.NewReader(append(slices.Clone(content), 1)),
		"broken":            io.MultiReader(bytes.NewReader(content[:300_000]), iotest.ErrReader(errBroken)),
		"broken at its end": io.MultiReader(bytes.NewReader(content), iotest.ErrReader(errBroken)),
		"wrong":             files.NewChecked(bytes.NewReader(content), int64(len(content)), "00"),
	} {
		if err := s.Put(ctx, "b2", int64(len(content)), reader); err == nil {
			t.Errorf("a content that is %s is stored", name)
		}
		if _, err := s.Open(ctx, "b2"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after a content that was %s, opening it fails with %v", name, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Put(cancelled, "b2", int64(len(content)), bytes.NewReader(content)); err == nil {
		t.Error("a file is stored after the context's end")
	}
	if _, err := s.Open(ctx, "b2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after a cancelled Put, opening fails with %v", err)
	}
}

func put(ctx context.Context, t *testing.T, s files.Store, key string, content []byte) {
	t.Helper()
	if err := s.Put(ctx, key, int64(len(content)), bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func checkContent(ctx context.Context, t *testing.T, s files.Store, key string, want []byte) {
	t.Helper()
	file, err := s.Open(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes (%v), or others than the %d that were stored", key, len(got), err, len(want))
	}
}

func checkKeys(ctx context.Context, t *testing.T, s files.Store, want ...string) {
	t.Helper()
	var got []string
	err := s.List(ctx, func(key string, _ int64) error {
		got = append(got, key)
		return nil
	})
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the files are %q (%v), want %q", got, err, want)
	}
}

func random(size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	return content
}
