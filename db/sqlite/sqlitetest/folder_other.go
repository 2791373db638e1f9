//go:build !linux

package sqlitetest

import "testing"

// Folder returns a folder that is removed when the test ends.
func Folder(tb testing.TB) string {
	tb.Helper()
	return tb.TempDir()
}
