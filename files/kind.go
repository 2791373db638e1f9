package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffed is how much of a content its type is found out from, the default of mimetype.
const sniffed = 3072

// unspecific are the types that say little. For these, what the sender states is more useful: a spreadsheet as text/csv.
var unspecific = []string{"application/octet-stream", "text/plain", "application/zip", "application/x-ole-storage"}

// Sniff finds out the media type of a content from its first bytes, and returns it with a reader of all of the content. stated is the type
// that the sender states.
func Sniff(content io.Reader, stated string) (mediaType string, all io.Reader, err error) {
	buffered := bufio.NewReaderSize(content, sniffed)
	start, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, fmt.Errorf("cannot read a file: %w", err)
	}
	found, _, _ := strings.Cut(mimetype.Detect(start).String(), ";")
	if len(bytes.TrimSpace(start)) == 0 {
		found = "application/octet-stream"
	}
	if slices.Contains(unspecific, found) && isPassive(stated) {
		found = stated
	}
	return found, buffered, nil
}

// isPassive reports whether a stated type may be believed: browsers don't execute files of it, and no thumbnail is made of them.
func isPassive(stated string) bool {
	return stated != "" && !isActive(stated) && !strings.HasPrefix(stated, "image/")
}

// isActive reports whether browsers may execute what is in files of a type.
func isActive(mediaType string) bool {
	for _, part := range []string{"html", "xml", "svg", "script", "flash"} {
		if strings.Contains(mediaType, part) && !strings.Contains(mediaType, "openxmlformats") {
			return true
		}
	}
	return false
}

// ServedType returns the type with which a file is sent to browsers, which never execute one.
func ServedType(mediaType string) string {
	if isActive(mediaType) {
		return "application/octet-stream"
	}
	return mediaType
}
