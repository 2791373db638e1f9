// Package files keeps the contents of files: it stores them, finds out what they are, names them harmlessly, and signs the
// addresses at which they are sent and received. What belongs to whom is decided elsewhere.
package files

import (
	"context"
	"io"
)

// Store keeps the contents of files by key, in a folder, a database or a service. A key is made of letters, digits, "-" and ".".
// The package filestest has the suite that every Store passes.
type Store interface {
	// Put stores a file of that size, durably and as a whole: if content fails or has another size, or the program is killed, there
	// is no file with that key afterwards, and Delete removes what was written. A file that has the key already is replaced. A key
	// must not be put by two at the same time.
	Put(ctx context.Context, key string, size int64, content io.Reader) error
	// Open returns the content of a file, which the caller closes; it fails with fs.ErrNotExist if there is none.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete removes a file, and whatever an interrupted Put of the key has left. Without a file, it does nothing.
	Delete(ctx context.Context, key string) error
	// List calls each with every file and its size, in any order.
	List(ctx context.Context, each func(key string, size int64) error) error
}

// Scanner looks for threats in contents.
type Scanner interface {
	// Scan returns the name of the threat in a content, empty if there is none. An error says that the content couldn't be scanned.
	Scan(ctx context.Context, content io.Reader) (threat string, err error)
}

// ThumbnailKey returns the key of the thumbnail of the image with that key.
func ThumbnailKey(key string) string { return key + ".thumbnail" }

// copyBuffer is how much of a file is in memory while it is copied.
const copyBuffer = 64 << 10
