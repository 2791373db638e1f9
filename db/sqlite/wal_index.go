package sqlite

import (
	"os"
	"sync"

	"crm/db/store"
)

// walIndex is the beginning of the WAL's index, which all processes that have the database open map into their memory,
// and which each commit rewrites (https://sqlite.org/walformat.html): 48 bytes with a counter of transactions, the number
// of frames and a checksum of them. To compare them takes nanoseconds, where to ask SQLite takes a transaction.
//
// The file stays open as long as SQLite has it: when a process closes a file, it gives up the locks that it has on it by
// whatever descriptor (POSIX), and the next process to come, finding none, would cut the file off under this one.
type walIndex struct {
	mutex  sync.RWMutex
	header []byte // nil where it can't be mapped
	file   *os.File
}

var _ store.Versioned = (*Store)(nil)

// Version implements db.Versioned. While the header is being written it may be of neither state, and then equals none.
func (s *Store) Version() (version store.Version, ok bool) {
	s.walIndex.mutex.RLock()
	defer s.walIndex.mutex.RUnlock()
	if s.walIndex.header == nil {
		return store.Version{}, false
	}
	return s.walIndex.read(), true
}
