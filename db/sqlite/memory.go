package sqlite

import (
	"runtime"
	"sync"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// SQLite uses memory mostly for page caches. They are small, since the system's own cache holds the file anyway: all
// connections of the process share a pool of writerPool and, for each reader, readerPool bytes, 6 MiB on two
// processors. Each connection may use memory up to its cache_size. The pool is resident from the start. Resident memory on 4
// million rows measured 15 MB before and 24 MB after a load of reads and writes by eight goroutines, including Go's
// heap. A pool of twice the size was no faster.
const (
	writerPool  = 2 << 20
	readerPool  = 1 << 20
	writerCache = writerPool >> 10 // KiB, the unit of cache_size
	readerCache = 4096
	pageSize    = 4096 // SQLite's own choice for a new file
)

// readers is how many connections may read at once.
func readers() int { return runtime.NumCPU() + 2 }

// tune is global because its effect is: SQLite has one allocator and one default VFS per process, which must be set up before
// its first use. It keeps what they refer to.
var tune = sync.OnceValue(func() *walFiles {
	tls := libc.NewTLS()
	defer tls.Close()
	tuneMemory(tls)
	return bufferWALs(tls)
})

// tuneMemory keeps SQLite from returning memory to the system only to allocate it again.
//
// The translated allocator maps 64 KiB at a time for each power of two, and unmaps them once the last block in them is
// free, which takes 20 µs and page faults. Hence the pool, for which SQLite has an option: without it a reader, which
// drops its pages whenever somebody commits, unmapped and mapped all of them, and a page with its header took 8 KiB. To
// read 50 customers' 5 interactions' 3 tickets after a write took 4.3 ms, with the pool it takes 2.1. With SQLite 3.51
// and later, and without this tuning, the same request takes 45 % more processor time (the benchmark's Q1).
//
// Hence also the blocks of each size that stay allocated: without them the cursors of a statement could be the only
// blocks of their size, and the same read, without a write, took 2.1 or 4.9 ms by chance.
func tuneMemory(tls *libc.TLS) {
	const smallest, largest = 16, 16 << 10
	for size := types.Size_t(smallest); size <= largest; size *= 2 {
		libc.Xmalloc(tls, size)
	}
	slot := pageSize + pageHeader(tls)
	slots := (writerPool + readers()*readerPool) / pageSize
	pool := libc.Xmalloc(tls, types.Size_t(slot*slots))
	if pool != 0 && !configure(tls, lib.SQLITE_CONFIG_PAGECACHE, pool, int32(slot), int32(slots)) {
		libc.Xfree(tls, pool)
	}
}

// pageHeader returns how many bytes SQLite stores with a page in its cache.
func pageHeader(tls *libc.TLS) int {
	answer := libc.Xcalloc(tls, 1, 8)
	if answer == 0 {
		return 0
	}
	defer libc.Xfree(tls, answer)
	configure(tls, lib.SQLITE_CONFIG_PCACHE_HDRSZ, answer)
	return int(libc.AtomicLoadPInt32(answer))
}

// configure sets an option of the library, which fails once it is in use.
func configure(tls *libc.TLS, option int32, values ...any) bool {
	list := libc.NewVaList(values...)
	if list == 0 {
		return false
	}
	defer libc.Xfree(tls, list)
	return lib.Xsqlite3_config(tls, option, list) == lib.SQLITE_OK
}
