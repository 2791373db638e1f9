//go:build unix && !solaris && !aix

package mongotest

import (
	"fmt"
	"os"
	"syscall"
)

// lock waits for the lock on that file, which is also released when the process ends.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("cannot lock: %w", err)
	}
	return func() { _ = file.Close() }, nil
}
