package sqlite

import (
	"path/filepath"
	"testing"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"crm/db/store"
)

// TestPagesAreInThePool fails if SQLite's page header outgrows the pool's slots, or if something uses the library
// before it is set up.
func TestPagesAreInThePool(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "crm.db"), notes)
	if err := s.Insert(t.Context(), notes, &note{ID: store.NewID()}); err != nil {
		t.Fatal(err)
	}
	findNotes(t, s, store.Filter{})
	if pages := status(t, lib.SQLITE_STATUS_PAGECACHE_USED); pages == 0 {
		t.Error("no page is in the pool")
	}
	if bytes := status(t, lib.SQLITE_STATUS_PAGECACHE_OVERFLOW); bytes != 0 {
		t.Errorf("%d bytes of pages are not in the pool", bytes)
	}
}

// status returns one of the library's counters.
func status(t *testing.T, counter int32) int32 {
	tls := libc.NewTLS()
	defer tls.Close()
	values := libc.Xcalloc(tls, 2, 8)
	defer libc.Xfree(tls, values)
	if lib.Xsqlite3_status(tls, counter, values, values+8, 0) != lib.SQLITE_OK {
		t.Fatal("the library returns no status")
	}
	return libc.AtomicLoadPInt32(values)
}
