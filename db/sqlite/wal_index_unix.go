//go:build unix

package sqlite

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"crm/db/store"
)

const walHeader = int(unsafe.Sizeof(store.Version{}))

// open maps the index of the database at path, which is open and stays so. Without it nothing is remembered.
func (w *walIndex) open(path string) {
	file, err := os.Open(path + "-shm")
	if err != nil {
		return
	}
	w.file = file
	info, err := file.Stat()
	if err != nil || info.Size() < int64(walHeader) {
		return
	}
	header, err := syscall.Mmap(int(file.Fd()), 0, walHeader, syscall.PROT_READ, syscall.MAP_SHARED)
	if err == nil {
		w.header = header
	}
}

func (w *walIndex) read() (version store.Version) {
	words := (*store.Version)(unsafe.Pointer(unsafe.SliceData(w.header)))
	for i := range version {
		version[i] = atomic.LoadUint64(&words[i])
	}
	return version
}

// unmap comes before the database is closed, close after that.
func (w *walIndex) unmap() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.header != nil {
		_ = syscall.Munmap(w.header)
		w.header = nil
	}
}

func (w *walIndex) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}
