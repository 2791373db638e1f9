package sqlite

import (
	"path/filepath"
	"testing"

	"crm/db"
	"crm/db/dbtest"
)

func BenchmarkStore(b *testing.B) {
	dbtest.Benchmark(b, func(b *testing.B, collections ...*db.Collection) db.Store {
		b.Helper()
		return open(b, filepath.Join(b.TempDir(), "crm.db"), collections...)
	})
}
