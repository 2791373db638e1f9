package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// The reasons why a content isn't what was announced.
var (
	errSize   = errors.New("the file has another size than announced")
	errDigest = errors.New("the file has another SHA-256 digest than announced")
)

// IsMismatch reports whether a content differs from what was announced.
func IsMismatch(err error) bool { return errors.Is(err, errSize) || errors.Is(err, errDigest) }

// Checked reads a content that must have a certain size, and possibly a certain digest. Its last bytes are only returned when all of
// the content has been found to be right, so that no Store can take a wrong one for complete.
type Checked struct {
	from   io.Reader
	left   int64
	digest hash.Hash
	// want is the digest in hexadecimal digits, empty if any will do.
	want  string
	ended bool
}

// NewChecked returns a reader of the content with that size and digest, which may be empty.
func NewChecked(from io.Reader, size int64, digest string) *Checked {
	return &Checked{from: from, left: size, digest: sha256.New(), want: digest}
}

// SHA256 returns the digest of what has been read, in hexadecimal digits.
func (c *Checked) SHA256() string { return hex.EncodeToString(c.digest.Sum(nil)) }

// Read implements io.Reader.
func (c *Checked) Read(into []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	if int64(len(into)) > c.left {
		into = into[:c.left]
	}
	n := 0
	var err error
	if len(into) > 0 {
		n, err = c.from.Read(into)
	}
	c.left -= int64(n)
	_, _ = c.digest.Write(into[:n]) // a hash never fails
	switch {
	case c.left == 0:
		if err := c.end(); err != nil {
			return 0, err
		}
		c.ended = true
		return n, nil
	case errors.Is(err, io.EOF):
		return 0, errSize
	}
	return n, err
}

// end returns an error unless the content ends here and is right.
func (c *Checked) end() error {
	switch n, err := io.ReadFull(c.from, make([]byte, 1)); {
	case n > 0:
		return errSize
	case !errors.Is(err, io.EOF):
		return err
	case c.want != "" && c.want != c.SHA256():
		return errDigest
	}
	return nil
}
