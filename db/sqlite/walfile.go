package sqlite

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// SQLite writes the changed pages of a transaction to the WAL one after the other, each after a header of 24 bytes. That is two
// calls to the system for a page, which take 7.5 µs of processor time; in pieces of 64 KiB, the same bytes take 0.5. A transaction of 7
// tickets changes 80 pages. So what is written to a WAL goes through a buffer.
//
// The buffer is written before its WAL is synced, read, measured or truncated. Hence acknowledged commits are on disk as
// before: each commit syncs the WAL (synchronous=FULL), and only then shows its pages to other connections, which read them through
// files of their own. If the buffer can't be written, that fails, and the commit with it; the buffer keeps what it has, so that nothing
// shows pages that aren't in the file.

// walBufferSize is below 128 KiB, the most that SQLite writes with one call.
const walBufferSize = 64 << 10

// walBuffer has the end of a WAL that isn't written yet.
type walBuffer struct {
	memory       uintptr // walBufferSize bytes, 0 before the first write
	offset, size int64
}

// walFiles is SQLite's layer above the system (its VFS), except that it buffers what is written to WALs.
type walFiles struct {
	open            func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	characteristics func(tls *libc.TLS, file uintptr) int32
	close           func(tls *libc.TLS, file uintptr) int32
	read, write     func(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32
	truncate        func(tls *libc.TLS, file uintptr, size int64) int32
	sync            func(tls *libc.TLS, file uintptr, flags int32) int32
	measure         func(tls *libc.TLS, file, size uintptr) int32

	mutex sync.RWMutex
	// methods is the table of functions for WALs, 0 before the first one is opened.
	methods uintptr
	// buffers are those of the open WALs, by their files.
	buffers map[uintptr]*walBuffer
	// functions keeps those functions from being collected that only SQLite refers to.
	functions []any
}

// bufferWALs makes SQLite use walFiles. It returns them, which must stay in memory, or nil if it can't.
func bufferWALs(tls *libc.TLS) *walFiles {
	const size = types.Size_t(unsafe.Sizeof(lib.Tsqlite3_vfs{}))
	original, vfs := lib.Xsqlite3_vfs_find(tls, 0), libc.Xmalloc(tls, size)
	name, err := libc.CString("crm")
	if original == 0 || vfs == 0 || err != nil {
		return nil
	}
	f := &walFiles{buffers: make(map[uintptr]*walBuffer)}
	libc.Xmemcpy(tls, vfs, original, size)
	libc.AtomicStorePUintptr(vfs+unsafe.Offsetof(lib.Tsqlite3_vfs{}.FzName), name)
	override(f, vfs+unsafe.Offsetof(lib.Tsqlite3_vfs{}.FxOpen), &f.open, f.openFile)
	if lib.Xsqlite3_vfs_register(tls, vfs, 1) != lib.SQLITE_OK {
		return nil
	}
	return f
}

// override replaces the function at a place in a table of SQLite, and sets original to it. In translated C, a pointer to a function
// is the pointer that a variable of a Go function holds.
func override[F any](f *walFiles, place uintptr, original *F, replacement F) {
	*(*uintptr)(unsafe.Pointer(original)) = libc.AtomicLoadPUintptr(place)
	f.functions = append(f.functions, replacement)
	libc.AtomicStorePUintptr(place, *(*uintptr)(unsafe.Pointer(&replacement)))
}

// openFile opens a file; for a WAL, it replaces the functions of the file. It doesn't for a disk on which a write may damage bytes
// beside it: SQLite then syncs before the end of a commit.
func (f *walFiles) openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	result := f.open(tls, vfs, name, file, flags, outFlags)
	if result != lib.SQLITE_OK || flags&lib.SQLITE_OPEN_WAL == 0 {
		return result
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	// A file begins with the pointer to its functions.
	if f.methods == 0 {
		f.methods = f.walMethods(tls, libc.AtomicLoadPUintptr(file))
	}
	if f.methods != 0 && f.characteristics(tls, file)&lib.SQLITE_IOCAP_POWERSAFE_OVERWRITE != 0 {
		libc.AtomicStorePUintptr(file, f.methods)
		f.buffers[file] = new(walBuffer)
	}
	return result
}

// walMethods returns the table of functions for WALs, given that for all files; 0 if there is no memory.
func (f *walFiles) walMethods(tls *libc.TLS, original uintptr) uintptr {
	const size = types.Size_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{}))
	methods := libc.Xmalloc(tls, size)
	if methods == 0 {
		return 0
	}
	libc.Xmemcpy(tls, methods, original, size)
	var table lib.Tsqlite3_io_methods
	override(f, methods+unsafe.Offsetof(table.FxDeviceCharacteristics), &f.characteristics, func(tls *libc.TLS, file uintptr) int32 {
		return f.characteristics(tls, file)
	})
	override(f, methods+unsafe.Offsetof(table.FxClose), &f.close, f.closeWAL)
	override(f, methods+unsafe.Offsetof(table.FxWrite), &f.write, f.writeWAL)
	override(f, methods+unsafe.Offsetof(table.FxRead), &f.read, func(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32 {
		return f.flushed(tls, file, func() int32 { return f.read(tls, file, data, size, offset) })
	})
	override(f, methods+unsafe.Offsetof(table.FxTruncate), &f.truncate, func(tls *libc.TLS, file uintptr, size int64) int32 {
		return f.flushed(tls, file, func() int32 { return f.truncate(tls, file, size) })
	})
	override(f, methods+unsafe.Offsetof(table.FxSync), &f.sync, func(tls *libc.TLS, file uintptr, flags int32) int32 {
		return f.flushed(tls, file, func() int32 { return f.sync(tls, file, flags) })
	})
	override(f, methods+unsafe.Offsetof(table.FxFileSize), &f.measure, func(tls *libc.TLS, file, size uintptr) int32 {
		return f.flushed(tls, file, func() int32 { return f.measure(tls, file, size) })
	})
	return methods
}

// buffer returns the buffer of an open WAL. One thread at a time uses a file.
func (f *walFiles) buffer(file uintptr) *walBuffer {
	f.mutex.RLock()
	defer f.mutex.RUnlock()
	return f.buffers[file]
}

// writeWAL buffers what continues the buffer, and otherwise writes the buffer first.
func (f *walFiles) writeWAL(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32 {
	b := f.buffer(file)
	if b.memory == 0 {
		b.memory = libc.Xmalloc(tls, walBufferSize)
	}
	if offset != b.offset+b.size || b.size+int64(size) > walBufferSize {
		if result := f.flush(tls, file, b); result != lib.SQLITE_OK {
			return result
		}
		b.offset = offset
	}
	if b.memory == 0 || size > walBufferSize {
		return f.write(tls, file, data, size, offset)
	}
	libc.Xmemcpy(tls, b.memory+uintptr(b.size), data, types.Size_t(size))
	b.size += int64(size)
	return lib.SQLITE_OK
}

// flush writes the buffer, or returns why that failed.
func (f *walFiles) flush(tls *libc.TLS, file uintptr, b *walBuffer) int32 {
	if b.size == 0 {
		return lib.SQLITE_OK
	}
	result := f.write(tls, file, b.memory, int32(b.size), b.offset)
	if result == lib.SQLITE_OK {
		b.size = 0
	}
	return result
}

// flushed does something with a file after writing its buffer.
func (f *walFiles) flushed(tls *libc.TLS, file uintptr, do func() int32) int32 {
	if result := f.flush(tls, file, f.buffer(file)); result != lib.SQLITE_OK {
		return result
	}
	return do()
}

// closeWAL closes a file. What is in the buffer then belongs to no commit.
func (f *walFiles) closeWAL(tls *libc.TLS, file uintptr) int32 {
	b := f.buffer(file)
	f.mutex.Lock()
	delete(f.buffers, file)
	f.mutex.Unlock()
	if b.memory != 0 {
		libc.Xfree(tls, b.memory)
	}
	return f.close(tls, file)
}
