package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a Store in a folder, which may be missing at first. Files whose keys end alike share a subfolder, so that none of them
// becomes too large for tools that list it.
type Folder struct{ path string }

// NewFolder returns the store in a folder.
func NewFolder(path string) *Folder { return &Folder{path: path} }

// unfinished ends the name of a file that is being written.
const unfinished = ".part"

// pathOf returns the path of the file with that key.
func (f *Folder) pathOf(key string) (string, error) {
	if !isKey(key) {
		return "", fmt.Errorf("%q can't be the key of a file", key)
	}
	id, _, _ := strings.Cut(key, ".")
	return filepath.Join(f.path, id[max(0, len(id)-2):], key), nil
}

// isKey reports whether a text can be a key, which is then harmless as a part of a path.
func isKey(text string) bool {
	return text != "" && text[0] != '.' && len(text) < 200 && !strings.HasSuffix(text, unfinished) &&
		!strings.ContainsFunc(text, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
		})
}

// Put implements Store.
func (f *Folder) Put(ctx context.Context, key string, size int64, content io.Reader) error {
	path, err := f.pathOf(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cannot store a file: %w", err)
	}
	file, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot store a file: %w", err)
	}
	err = write(ctx, file, size, content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("cannot store a file: %w", err), os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("cannot store a file: %w", err)
	}
	for _, folder := range []string{filepath.Dir(path), f.path} { // the subfolder may be new
		if err := syncFolder(folder); err != nil {
			return fmt.Errorf("cannot store a file: %w", err)
		}
	}
	return nil
}

// write copies all of the content, which must have that size.
func write(ctx context.Context, file io.Writer, size int64, content io.Reader) error {
	content = io.LimitReader(&whileWanted{ctx, content}, size+1)
	// Without ReadFrom, which would use a buffer of its own.
	written, err := io.CopyBuffer(struct{ io.Writer }{file}, content, make([]byte, copyBuffer))
	if err == nil && written != size {
		err = errSize
	}
	return err
}

// whileWanted reads until the context is done.
type whileWanted struct {
	ctx  context.Context //nolint:containedctx // of one call of Put
	from io.Reader
}

func (r *whileWanted) Read(into []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(into)
}

// syncFolder makes the names in a folder durable, where the system can do that.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = folder.Sync() // some systems can't sync folders, and there is nothing to do about it
	return folder.Close()
}

// Open implements Store.
func (f *Folder) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	path, err := f.pathOf(key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read a file: %w", err)
	}
	return file, nil
}

// Delete implements Store.
func (f *Folder) Delete(_ context.Context, key string) error {
	path, err := f.pathOf(key)
	if err != nil {
		return err
	}
	for _, name := range []string{path, path + unfinished} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove a file: %w", err)
		}
	}
	return nil
}

// List implements Store.
func (f *Folder) List(ctx context.Context, each func(key string, size int64) error) error {
	err := filepath.WalkDir(f.path, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile, or the folder itself, before the first file
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !entry.Type().IsRegular() || !isKey(entry.Name()):
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return each(entry.Name(), info.Size())
	})
	if err != nil {
		return fmt.Errorf("cannot list the files: %w", err)
	}
	return nil
}
