package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// The states of a disk that can't be written to.
const (
	diskFull     = "full"
	diskReadOnly = "read-only"
	diskMissing  = "missing"
	diskFailing  = "failing"
)

const (
	// probeBytes are written to find out whether there is room. The write-ahead log needs more at times, so it is much more than
	// a single write takes.
	probeBytes = 1 << 20
	// probePause is how long the result of a probe counts.
	probePause = time.Second
)

// disk finds out whether a folder can be written to, which nothing but writing tells on every file system. It writes a small
// file and removes it; the file isn't synced, so it hardly ever reaches the device.
type disk struct {
	folder string

	mutex  sync.Mutex
	probed time.Time
	last   string
}

// state returns the state of the disk.
func (d *disk) state() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.last == "" || time.Since(d.probed) >= probePause {
		d.last = diskState(d.probe())
		d.probed = time.Now()
	}
	return d.last
}

func (d *disk) probe() error {
	path := filepath.Join(d.folder, "disk.probe") // one name, so that a killed server leaves at most one behind
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, probeBytes))
	return errors.Join(err, file.Close(), os.Remove(path))
}

// diskState returns the state that an error of a probe stands for.
func diskState(err error) string {
	switch {
	case err == nil:
		return stateOK
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return diskFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return diskReadOnly
	case errors.Is(err, fs.ErrNotExist):
		return diskMissing
	}
	return diskFailing
}
