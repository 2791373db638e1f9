package sqlitetest

import (
	"os"
	"syscall"
	"testing"
)

// enough is far more bytes than the stores of a test run take; containers often have 64 MB in all.
const enough = 1 << 30

// Folder returns a folder that is removed when the test ends. It is in memory if enough is free in /dev/shm: waiting for a disk would
// take a sixth of the tests' time, and whether a store survives the end of its machine is not what they test.
func Folder(tb testing.TB) string {
	tb.Helper()
	const memory = "/dev/shm"
	var free syscall.Statfs_t
	if err := syscall.Statfs(memory, &free); err != nil || free.Bavail*uint64(free.Bsize) < enough {
		return tb.TempDir()
	}
	folder, err := os.MkdirTemp(memory, "crm-store-")
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			tb.Errorf("cannot remove a test's folder: %v", err)
		}
	})
	return folder
}
